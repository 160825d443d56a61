namespace Larder.Sources.Tools;

/// <summary>What program to start, and how.</summary>
public sealed record ToolStart
{
    /// <summary>A path, or a name looked up in PATH.</summary>
    public required string Program { get; init; }

    /// <summary>Everybody on the machine can read them: no secret belongs here.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Added to this process's own environment. The place for secrets.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public string? WorkingFolder { get; init; }

    /// <summary>From start to exit; null waits for ever.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether its standard input is fed through <see cref="ToolProcess.Input"/>; otherwise it is empty.</summary>
    public bool HasInput { get; init; }

    /// <summary>
    /// How messages name it, such as <c>The command of dump.sql</c>. Not the command line: people write passwords into it.
    /// </summary>
    public required string ShownName { get; init; }

    /// <summary>How long its processes have between SIGTERM and SIGKILL.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long its output may stay silent and open after it has exited. Something it started then still holds the pipe; whether more
    /// would have
    /// come cannot be known, so this is a failure.
    /// </summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Told of each line of its standard error; only those for which it returns true are kept for messages. Null keeps all. Called on
    /// one thread at a time; it must not throw or wait.
    /// </summary>
    public Func<string, bool>? KeepErrorLine { get; init; }

    /// <summary>
    /// Whether the kernel ends its whole group when this process dies, however it dies. For programs that take the end of what they read
    /// for the end of the data: without it they would finish their work with half of it.
    /// </summary>
    public bool EndsWithUs { get; init; }

    /// <summary>A command line for <c>/bin/sh</c>.</summary>
    public static ToolStart Shell(string commandLine, string shownName) =>
        new() { Program = "/bin/sh", Arguments = ["-c", commandLine], ShownName = shownName };
}
