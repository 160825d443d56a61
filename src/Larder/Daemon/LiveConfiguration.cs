using Larder.Engine.Configuration;
using Microsoft.Extensions.Logging;

namespace Larder.Daemon;

/// <summary>
/// The configuration that counts, swapped whole when a sound one is read again. One with problems is logged, and the one before stays. What
/// runs goes on with what it began with. Safe for any thread.
/// </summary>
internal sealed class LiveConfiguration : IAsyncDisposable
{
    // Asked for, and not told: editors rename, containers swap links, and network mounts tell nobody.
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(2);

    private readonly Func<ConfigurationResult> read;
    private readonly ILogger log;
    private readonly ITimer timer;
    private readonly Lock gate = new();
    private string readStamp;
    private string lastStamp;

    /// <param name="first">The sound one that the service began with.</param>
    /// <param name="read">Reads it again, from where the first came from.</param>
    /// <param name="clock">When to look whether the file has changed.</param>
    /// <param name="log">Told of problems.</param>
    public LiveConfiguration(LarderConfiguration first, Func<ConfigurationResult> read, TimeProvider clock, ILogger log)
    {
        (Current, this.read, this.log) = (first, read, log);
        readStamp = lastStamp = Stamp();
        timer = clock.CreateTimer(_ => LookForChange(), null, LookInterval, LookInterval);
    }

    public LarderConfiguration Current { get; private set; }

    /// <summary>Called after the configuration was swapped; quick, and does not throw.</summary>
    public Action? WhenChanged { get; set; }

    /// <summary>What stands there now, problems and all; it does not count before <see cref="Reload"/>.</summary>
    public ConfigurationResult Read() => read();

    /// <summary>Reads it again now.</summary>
    /// <param name="reason">For the log.</param>
    /// <returns>Whether it was swapped.</returns>
    public bool Reload(string reason)
    {
        lock (gate)
        {
            readStamp = lastStamp = Stamp();
            var result = read();
            foreach (var warning in result.Warnings)
            {
                log.Warned(warning.ToString());
            }
            if (result.Configuration is not { } sound)
            {
                log.ReloadRefused(result.Problems.Count, reason, string.Join('\n', result.Problems));
                return false;
            }
            Current = KeepWhatIsInUse(sound);
            log.Reloaded(reason);
        }
        WhenChanged?.Invoke();
        return true;
    }

    public ValueTask DisposeAsync() => timer.DisposeAsync();

    private LarderConfiguration KeepWhatIsInUse(LarderConfiguration sound)
    {
        foreach (var (key, isSame) in new[]
        {
            ("state_directory", sound.StateDirectory == Current.StateDirectory),
            ("catalog", sound.CatalogPath == Current.CatalogPath),
            ("serve.listen", sound.Serve.Listen.SequenceEqual(Current.Serve.Listen)),
        })
        {
            if (!isSame)
            {
                log.NeedsRestart(key);
            }
        }
        return sound with { StateDirectory = Current.StateDirectory, CatalogPath = Current.CatalogPath };
    }

    /// <summary>A file that is still being written is waited for: it must look the same twice.</summary>
    private void LookForChange()
    {
        bool isChanged;
        lock (gate)
        {
            var now = Stamp();
            isChanged = now != readStamp && now == lastStamp;
            lastStamp = now;
        }
        if (isChanged)
        {
            Reload("the file was changed");
        }
    }

    private string Stamp()
    {
        if (Current.File is not { } file)
        {
            return "";
        }
        string[] files = [file, Path.Combine(Path.GetDirectoryName(file) ?? "/", ".env")];
        return string.Join('|', files.Select(StampOf));
    }

    private static string StampOf(string file)
    {
        try
        {
            var info = new FileInfo(file);
            info = info.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? info;
            return info.Exists ? $"{info.FullName} {info.Length} {info.LastWriteTimeUtc.Ticks}" : "-";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "-";
        }
    }
}
