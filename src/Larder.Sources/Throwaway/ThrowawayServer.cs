using System.Globalization;
using Larder.Sources.Dumps;

namespace Larder.Sources.Throwaway;

/// <summary>A server of the drill's own, in a folder that goes with it. Nobody else on the machine can talk to it.</summary>
public sealed class ThrowawayServer : DrillServer
{
    private readonly ThrowawayFolder folder;
    private readonly KeptEngine kept;

    private ThrowawayServer(
        ThrowawayFolder folder, BegunServer began, string engineName, string version, IReadOnlyList<string> databases, bool hasAccounts)
        : base(began.Engine, engineName, version, $"a throwaway server, version {version}") =>
        (this.folder, kept, Databases, WithUsers) = (folder, began.Kept, databases, hasAccounts);

    public override IReadOnlyList<DrillPart> Parts { get; } = [new(null, null)];

    public override bool WithUsers { get; }

    public override IReadOnlyList<string> Databases { get; }

    private protected override string? EndedBecause => kept.HasEnded ? $"The throwaway server ended by itself.{kept.Said}" : null;

    /// <summary>
    /// Looks whether this machine has the programs for one. Fails with <see cref="SourceException"/>:
    /// <see cref="SourceError.ToolMissing"/>, naming program and package.
    /// </summary>
    /// <returns>Where they are.</returns>
    public static string FindPrograms(ThrowawayRequest request) => request.Engine switch
    {
        "postgresql" => PostgreSqlThrowaway.FindPrograms(request),
        "mongodb" => MongoDbThrowaway.Find(request),
        "mysql" => MySqlThrowaway.FindPrograms(request),
        _ => throw new ArgumentException($"There is no server of kind {request.Engine}.", nameof(request)),
    };

    /// <summary>
    /// Starts one that takes the dump. Fails with <see cref="SourceException"/>: <see cref="SourceError.ToolMissing"/>, naming program and
    /// package, where this machine has none that fits; <see cref="SourceError.ToolFailed"/> where it does not start.
    /// </summary>
    public static async Task<ThrowawayServer> StartAsync(
        ThrowawayRequest request, IStoredDump dump, TimeProvider clock, CancellationToken cancellationToken)
    {
        var folder = await ThrowawayFolder.CreateAsync(request.ParentFolder, cancellationToken, startsServer: true);
        try
        {
            var began = request.Engine switch
            {
                "postgresql" => await PostgreSqlThrowaway.StartAsync(request, folder, clock, cancellationToken),
                "mongodb" => await MongoDbThrowaway.StartAsync(request, dump, folder, clock, cancellationToken),
                "mysql" => await MySqlThrowaway.StartAsync(request, folder, clock, cancellationToken),
                _ => throw new ArgumentException($"There is no server of kind {request.Engine}.", nameof(request)),
            };
            var version = await began.Kept.WaitForAsync(began.Engine.FindVersionAsync, cancellationToken);
            EnsureNotOlder(request, version);
            var (databases, hasAccounts) = await began.Engine.LookIntoAsync(dump, cancellationToken);
            await began.Engine.PrepareAsync(dump, folder, began.Account, cancellationToken);
            return new ThrowawayServer(folder, began, request.Engine, version, databases, hasAccounts);
        }
        catch
        {
            await folder.DisposeAsync();
            throw;
        }
    }

    // An older server refuses what a newer one wrote, which would say nothing of the backup. PostgreSQL's was chosen by its version.
    private static void EnsureNotOlder(ThrowawayRequest request, string version)
    {
        if (request is { Engine: not "postgresql", DumpedVersion: { } dumped } && NumberOf(version).CompareTo(NumberOf(dumped)) < 0)
        {
            throw new SourceException(
                SourceError.ToolMissing,
                $"The dump is of a server of version {dumped}, and the one that this machine has is {version}, which is older; install a "
                + "newer one, or name a scratch server in the job's drill.servers.");
        }
    }

    /// <returns>Major and minor version; zeros where the text begins with no number.</returns>
    private static (int Major, int Minor) NumberOf(string version)
    {
        var parts = version.Split('.', '-');
        return (Part(0), Part(1));

        int Part(int at) =>
            at < parts.Length && int.TryParse(parts[at], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }

    public override string NameOf(string dumped) => dumped;

    public override ValueTask DisposeAsync() => folder.DisposeAsync();
}

/// <summary>A server that was started and may not answer yet.</summary>
internal sealed record BegunServer(KeptEngine Kept, IDrillEngine Engine, ServerAccount? Account);
