using System.Text;
using System.Text.Json;
using Larder.Cli;
using Larder.Engine.Configuration;
using Larder.Repository;
using Larder.Repository.Crypto;
using Larder.Repository.Storage;
using Larder.Testing;

namespace Larder.Tests.Cli;

/// <summary>
/// A folder with a configuration, a database and some code, and the command line run in this very process with its output caught.
/// </summary>
public sealed class Desk : IAsyncDisposable
{
    public const string Password = "correct-horse-9d41";

    private readonly TemporaryFolder folder = new();

    private Desk()
    {
    }

    public string this[string name] => folder[name];

    public Dictionary<string, string> Variables { get; } = new() { ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "" };

    /// <param name="configuration">Placed into larder.yaml; {0} is the folder.</param>
    public static async Task<Desk> LaidAsync(string? configuration = null)
    {
        var desk = new Desk();
        Directory.CreateDirectory(desk["code/app"]);
        await File.WriteAllTextAsync(desk["code/app/main.py"], "print('journal')\n");
        await File.WriteAllTextAsync(desk["code/read me.txt"], "words\n");
        var sql = "CREATE TABLE entries (id INTEGER PRIMARY KEY, title TEXT); INSERT INTO entries(title) VALUES ('one'), ('two'), ('three');";
        (await ChildProcess.RunAsync(new ChildCommand("sqlite3", desk["journal.db"], sql))).Expect();
        await desk.ConfigureAsync(configuration ?? Usual);
        return desk;
    }

    public const string Usual =
        """
        state_directory: {0}/state
        repositories:
          local: { path: {0}/repository, password: correct-horse-9d41 }
          second: { path: {0}/second, password: correct-horse-9d41 }
        jobs:
          journal:
            time_zone: Europe/Berlin
            sources:
              db: { sqlite: { path: {0}/journal.db } }
              code: { files: { paths: [{0}/code] } }
            to: [local]
            keep: { daily: 7 }
        """;

    public async Task ConfigureAsync(string text)
    {
        await File.WriteAllTextAsync(this["larder.yaml"], text.Replace("{0}", folder.FullPath, StringComparison.Ordinal));
        File.SetUnixFileMode(this["larder.yaml"], UnixFileMode.UserRead | UnixFileMode.UserWrite); // It holds passwords.
    }

    /// <summary>Makes both repositories as `larder init` does, with a key that opens quickly.</summary>
    public async Task InitAsync()
    {
        var options = new RepositoryOptions { KeyCost = ScryptCost.ForTests };
        foreach (var name in new[] { "repository", "second" })
        {
            using var storage = new LocalStorage(folder[name]);
            await storage.PrepareAsync(CancellationToken.None);
            using var created = await Larder.Repository.Repository.CreateAsync(storage, Password, options, CancellationToken.None);
        }
    }

    public Task<Said> RunAsync(params string[] words) => RunAsync(new StringWriter(), words, CancellationToken.None);

    /// <summary>Runs what goes on for ever, until it has said something on stdout, and ends it as Ctrl-C does.</summary>
    public async Task<Said> RunUntilItSpeaksAsync(params string[] words)
    {
        using var ending = new CancellationTokenSource();
        return await RunAsync(new EndingWriter(ending), words, ending.Token);
    }

    private async Task<Said> RunAsync(StringWriter output, string[] words, CancellationToken cancellationToken)
    {
        using var disposal = output;
        using var error = new StringWriter();
        var bytes = new MemoryStream();
        var world = new Surroundings
        {
            Out = output,
            Error = error,
            OpenOutBytes = () => bytes,
            Environment = new ConfigurationEnvironment
            {
                Variables = new Dictionary<string, string>(Variables),
                WorkingDirectory = folder.FullPath,
                SystemFile = folder["none.yaml"],
            },
        };
        var status = await CommandLine.RunAsync(words, world, cancellationToken);
        return new Said(status, output.ToString(), error.ToString(), bytes.ToArray());
    }

    /// <summary>Runs it and throws with all that it said unless it ends with this status.</summary>
    public async Task<Said> ExpectAsync(int status, params string[] words)
    {
        var said = await RunAsync(words);
        Assert.True(said.Status == status, $"larder {string.Join(' ', words)} ended with {said.Status}, not {status}.\n{said.Error}\n{said.Output}");
        return said;
    }

    public ValueTask DisposeAsync() => folder.DisposeAsync();

    private sealed class EndingWriter(CancellationTokenSource ending) : StringWriter
    {
        public override void Write(string? value)
        {
            base.Write(value);
            ending.Cancel();
        }
    }
}

/// <summary>How a call ended and what it said.</summary>
public sealed record Said(int Status, string Output, string Error, byte[] Bytes)
{
    /// <summary>The whole of stdout as one document; fails where it is anything else.</summary>
    public JsonElement Json
    {
        get
        {
            using var document = JsonDocument.Parse(Encoding.UTF8.GetBytes(Output));
            return document.RootElement.Clone();
        }
    }
}
