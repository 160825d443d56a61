using System.Runtime.InteropServices;
using System.Text.Json;

namespace Larder.Testing;

/// <summary>
/// The real program, run as a user runs it, with a home, state and cache of its own, removed at the end.
/// Nothing of the developer's own configuration reaches it.
/// </summary>
public sealed class LarderProcess : IAsyncDisposable
{
    /// <summary>Names the program to test; eng/test sets it to the published one.</summary>
    public const string ProgramVariable = "LARDER_PROGRAM";

    // Variables that alone would make a working job, or would point to somebody's real configuration.
    private static readonly string[] ForeignPrefixes =
        ["LARDER_", "BACKUP_", "DATABASE_", "EMAIL_", "MAIL_", "MONGODB_", "PRIMARY_", "RESTIC_", "XDG_"];

    private readonly TemporaryFolder home = new();

    public LarderProcess() => WorkingFolder = home.Make("work");

    /// <summary>The program that is tested: the named one, or the newer of the published and the built ones.</summary>
    public static string Program { get; } = FindProgram();

    /// <summary>Where it runs, and where ./larder.yaml is looked for; a folder of its own unless another is set.</summary>
    public string WorkingFolder { get; set; }

    public string HomeFolder => home.FullPath;

    /// <summary>Variables for every run from here on.</summary>
    public Dictionary<string, string?> Environment { get; } = [];

    public TimeSpan Bound { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Runs it to its end, with whatever exit status that is.</summary>
    public Task<ChildResult> RunAsync(params IReadOnlyList<string> arguments) => ChildProcess.RunAsync(Command(arguments));

    /// <summary>Runs it and throws with all that it said unless it ends with the expected status.</summary>
    public async Task<ChildResult> ExpectAsync(int exitStatus, params IReadOnlyList<string> arguments) =>
        (await RunAsync(arguments)).Expect(exitStatus);

    /// <summary>Runs it with --json; stdout must be exactly one document.</summary>
    public async Task<JsonElement> JsonAsync(params IReadOnlyList<string> arguments)
    {
        var said = (await RunAsync(["--json", .. arguments])).Expect();
        using var document = JsonDocument.Parse(said.OutputBytes);
        return document.RootElement.Clone();
    }

    /// <summary>Starts it without waiting: for two at once, and for kills.</summary>
    public ChildProcess Start(params IReadOnlyList<string> arguments) => ChildProcess.Start(Command(arguments));

    /// <summary>
    /// Starts it and kills it by SIGKILL at a moment drawn from <paramref name="random"/>, no later than <paramref name="latest"/>.
    /// </summary>
    public async Task<ChildResult> RunAndKillAsync(
        Random random, TimeSpan latest, TimeProvider clock, params IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(random);
        await using var child = Start(arguments);
        return await child.KillAfterAsync(latest * random.NextDouble(), clock);
    }

    public ChildCommand Command(params IReadOnlyList<string> arguments)
    {
        var environment = new Dictionary<string, string?>();
        foreach (string name in System.Environment.GetEnvironmentVariables().Keys)
        {
            if (ForeignPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                environment[name] = null;
            }
        }

        environment["HOME"] = home.FullPath;
        environment["XDG_CONFIG_HOME"] = home.Combine("config");
        environment["XDG_STATE_HOME"] = home.Combine("state");
        environment["XDG_CACHE_HOME"] = home.Combine("cache");
        environment["DOTNET_ROOT"] = DotnetRoot();
        foreach (var (name, value) in Environment)
        {
            environment[name] = value;
        }

        return new ChildCommand(Program, arguments) { WorkingFolder = WorkingFolder, Environment = environment, Bound = Bound };
    }

    public ValueTask DisposeAsync() => home.DisposeAsync();

    // The runtime that runs this test runs the program as well, wherever it was installed.
    private static string DotnetRoot() => Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    private static string FindProgram()
    {
        if (System.Environment.GetEnvironmentVariable(ProgramVariable) is { Length: > 0 } named)
        {
            return Path.GetFullPath(named);
        }

        string[] candidates =
        [
            RepositoryRoot.Combine("artifacts", "larder", "larder"),
            RepositoryRoot.Combine("src", "Larder", "bin", "Release", "net10.0", "larder"),
            RepositoryRoot.Combine("src", "Larder", "bin", "Debug", "net10.0", "larder"),
        ];
        // The library beside it tells the age: the starter program itself is copied with the date of the SDK.
        return candidates.Where(File.Exists).MaxBy(program => File.GetLastWriteTimeUtc($"{program}.dll"))
            ?? throw new FileNotFoundException("The program was not built: run make publish, or build src/Larder.", candidates[0]);
    }
}
