using System.Text;
using Larder.Engine.Errors;
using Larder.Sources.Files;
using Larder.Sources.Tools;

namespace Larder.Systemd;

/// <summary>
/// The folder of systemd's units, of this machine or below a root of one's own. Only units that carry <see cref="UnitFile.Mark"/> are
/// changed or removed. systemd itself is told only where it runs and the folder is its own.
/// </summary>
internal sealed class UnitFolder
{
    private static readonly TimeSpan QuestionBound = TimeSpan.FromSeconds(10);

    private readonly string folder;
    private readonly bool tellsSystemd;
    private readonly TimeProvider clock;

    /// <param name="root">Null for this machine.</param>
    /// <param name="clock">For what systemd is asked.</param>
    public UnitFolder(string? root, TimeProvider clock)
    {
        this.clock = clock;
        folder = Path.Combine(root is null ? "/" : Path.GetFullPath(root), "etc/systemd/system");
        tellsSystemd = root is null && Systemctl.IsRunning;
    }

    public string Location => folder;

    /// <summary>Whether systemd runs here and was or will be told.</summary>
    public bool TellsSystemd => tellsSystemd;

    /// <summary>Names of Larder's units that stand there, in order.</summary>
    public IReadOnlyList<string> Installed() => !Directory.Exists(folder)
        ? []
        :
        [
            .. Directory.EnumerateFiles(folder, "larder*").Where(IsOurs)
                .Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal),
        ];

    /// <summary>Whether a unit stands there exactly as it should.</summary>
    public bool IsCurrent(UnitFile unit) =>
        File.Exists(Path.Combine(folder, unit.Name)) && File.ReadAllText(Path.Combine(folder, unit.Name)) == unit.Content;

    /// <summary>
    /// Writes what is not there or differs, removes Larder's other units, and has systemd take them up. Harmless when repeated.
    /// </summary>
    /// <returns>The units that were written, and those that were removed.</returns>
    public async Task<(IReadOnlyList<string> Written, IReadOnlyList<string> Removed)> InstallAsync(
        UnitPlan plan, CancellationToken cancellationToken)
    {
        EnsureNobodyElses(plan);
        var superfluous = Installed().Except(plan.Files.Select(unit => unit.Name)).ToList();
        var missing = plan.Files.Where(unit => !IsCurrent(unit)).ToList();
        await StopAsync(superfluous, cancellationToken);
        try
        {
            Directory.CreateDirectory(folder);
            superfluous.ForEach(name => File.Delete(Path.Combine(folder, name)));
            foreach (var unit in missing)
            {
                Write(unit);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(e);
        }
        await TellAsync(["daemon-reload"], cancellationToken);
        await TellAsync(["enable", "--now", .. plan.Files.Where(unit => unit.IsEnabled).Select(unit => unit.Name)], cancellationToken);
        return (missing.ConvertAll(unit => unit.Name), superfluous);
    }

    /// <summary>Stops and removes every unit of Larder. Harmless when repeated.</summary>
    /// <returns>What was removed.</returns>
    public async Task<IReadOnlyList<string>> UninstallAsync(CancellationToken cancellationToken)
    {
        var installed = Installed();
        await StopAsync(installed, cancellationToken);
        try
        {
            foreach (var name in installed)
            {
                File.Delete(Path.Combine(folder, name));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(e);
        }
        if (installed.Count > 0)
        {
            await TellAsync(["daemon-reload"], cancellationToken);
        }
        return installed;
    }

    /// <summary>What systemd says of a unit: <c>active</c>, <c>inactive</c>, <c>failed</c>; null where it is not asked.</summary>
    public async Task<string?> StateOfAsync(string unit, CancellationToken cancellationToken) =>
        tellsSystemd ? (await Systemctl.AskAsync(["is-active", unit], QuestionBound, clock, cancellationToken)).Said.Trim() : null;

    private static bool IsOurs(string file) => File.ReadLines(file).FirstOrDefault() == UnitFile.Mark;

    /// <summary>A unit of this name that somebody wrote himself is not overwritten.</summary>
    private void EnsureNobodyElses(UnitPlan plan)
    {
        var foreign = plan.Files.Select(unit => Path.Combine(folder, unit.Name)).FirstOrDefault(file => File.Exists(file) && !IsOurs(file));
        if (foreign is not null)
        {
            throw new LarderException(EngineError.PrerequisiteFailed, $"{foreign} was not written by Larder, so it is left as it is.")
            {
                Hint = "move it away, if Larder's own may take its place.",
            };
        }
    }

    /// <summary>Whole or not at all: systemd may read at any moment.</summary>
    private void Write(UnitFile unit)
    {
        var file = Path.Combine(folder, unit.Name);
        DurableFile.Replace(file, Encoding.UTF8.GetBytes(unit.Content));
        const UnixFileMode readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        File.SetUnixFileMode(file, readable); // It names files, and holds no secret.
    }

    private async Task StopAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        // Services of timers end by themselves; what runs now is somebody's backup.
        var timers = names.Where(name => name.EndsWith(".timer", StringComparison.Ordinal)).ToList();
        string[] started = [.. timers, .. names.Where(name => name == UnitPlan.ServiceName)];
        if (started.Length > 0)
        {
            await TellAsync(["disable", "--now", .. started], cancellationToken);
        }
        if (tellsSystemd && timers.Count > 0)
        {
            // When each was seen to last: timers that are installed again another day have missed nothing. Where it stays, nothing is lost.
            await Systemctl.AskAsync(["clean", "--what=state", .. timers], QuestionBound, clock, cancellationToken);
        }
    }

    private async Task TellAsync(IReadOnlyList<string> words, CancellationToken cancellationToken)
    {
        // As long as it takes: a service that stops lets its backup come to an end.
        if (tellsSystemd && await Systemctl.AskAsync(words, null, clock, cancellationToken) is { Failure: { } failure })
        {
            throw new LarderException(EngineError.PrerequisiteFailed, $"systemd did not do what it was told. {failure}")
            {
                Hint = "run that command by hand, as root.",
            };
        }
    }

    private LarderException CannotWrite(Exception e) =>
        new(EngineError.LocalFileFailed, $"The units in {folder} cannot be written: {e.Message}", e)
        {
            Hint = "run it as root, or name a folder of your own with --root.",
        };
}
