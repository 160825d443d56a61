using Larder.Sources.Tools;

namespace Larder.Sources.Command;

/// <summary>
/// The standard output of a program as one file. When the program fails, so does the session, whatever bytes came before.
/// </summary>
public sealed class CommandSource(CommandSettings settings, TimeProvider clock) : ISource
{
    public string Engine => "command";

    /// <summary>Nothing can be known without running it, which is not without side effects; only the shell is looked for.</summary>
    public Task<SourceProbe> ProbeAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ProgramPath.Find("/bin/sh") is null
            ? throw new SourceException(SourceError.ToolMissing, $"The command of {settings.Name} needs /bin/sh, which is not there.")
            : Task.FromResult(new SourceProbe());
    }

    public Task<ISourceSession> OpenAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var start = ToolStart.Shell(settings.Run, $"The command of {settings.Name}") with { Timeout = settings.Timeout };
        var now = clock.GetUtcNow();
        return Task.FromResult<ISourceSession>(new CommandSession(settings.Name, now, ToolProcess.Start(start, clock)));
    }
}
