using System.CommandLine;

namespace Larder.Cli;

/// <summary>The options that every command takes, before or after its name.</summary>
internal sealed class GlobalOptions
{
    public Setting Config { get; } = new(
        "--config", "FILE", "Read this configuration; otherwise LARDER_CONFIG, ./larder.yaml, /etc/larder/larder.yaml.", ValueKind.Path);

    public Flag Json { get; } = new("--json", "Print exactly one JSON document on stdout, also for an error.");

    public Flag Quiet { get; } = new("--quiet", "No progress and no words but warnings and errors.", "-q");

    public Flag Verbose { get; } = new("--verbose", "Say more; twice (-vv) for the trace of an error.", "-v");

    public Setting Repository { get; } = new("--repository", "NAME", "Use this one of the configured repositories.", ValueKind.Repository);

    public Setting LockWait { get; } = new(
        "--lock-wait", "DURATION", "How long to wait for somebody else's lock, such as 30s or 10m; 5s by default.");

    public Flag NoColor { get; } = new("--no-color", "No colour; so do NO_COLOR and TERM=dumb.");

    public Flag Help { get; } = new("--help", "Show this page.", "-h", "-?");

    public IReadOnlyList<Option> All => [Config, Json, Quiet, Verbose, Repository, LockWait, NoColor, Help];
}
