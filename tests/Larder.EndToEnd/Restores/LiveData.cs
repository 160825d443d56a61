using Larder.EndToEnd.Drills;
using Larder.Engine.Backups;
using Larder.Testing;

namespace Larder.EndToEnd.Restores;

/// <summary>What a restore replaces while somebody reads it, and the user who does it.</summary>
internal abstract class LiveData : IAsyncDisposable
{
    public abstract LarderProcess Larder { get; }

    /// <summary>The state directory of Larder.</summary>
    public abstract string State { get; }

    /// <summary>Whether the service was started last.</summary>
    public abstract bool IsServiceRunning { get; }

    /// <summary>What is live becomes something else than was backed up, all of it.</summary>
    public abstract Task ChangeAsync();

    /// <summary>All that is live, so that no two states have the same.</summary>
    public abstract Task<string> FingerprintAsync();

    /// <summary>One look of a reader who comes anew: what is there, part by part, each with what it holds. A part that is missing is left out.</summary>
    /// <returns>Null where the data cannot be reached at this moment.</returns>
    public abstract Task<IReadOnlyDictionary<string, string>?> LookAsync();

    /// <summary>What lies beside the live data.</summary>
    public abstract Task<IReadOnlyList<string>> ListBesideAsync();

    /// <summary>What is left of processes that were killed: temporary files, and programs that run on.</summary>
    public abstract IReadOnlyList<string> Leftovers { get; }

    /// <summary>A file of the user's, such as `larder.yaml`, `repository`, or the file `running` that the service makes.</summary>
    public abstract string PathOf(string name);

    /// <summary>Plants a backup that is sound by every checksum, and whose manifest says something else.</summary>
    public Task<string> PlantAsync(Func<Manifest, Manifest> change, Func<Manifest, string>? file = null, Func<byte[], byte[]>? changeFile = null) =>
        Planting.PlantAsync(PathOf("repository"), RepositoryPassword, change, file, changeFile);

    protected abstract string RepositoryPassword { get; }

    /// <summary>The keys of the job that make <see cref="IsServiceRunning"/> true and false.</summary>
    protected static string Service(string mark) =>
        $"service: {{ stop: rm {mark}, start: touch {mark}, healthy: test -e {mark}, healthy_within: 1s }}";

    public abstract ValueTask DisposeAsync();
}
