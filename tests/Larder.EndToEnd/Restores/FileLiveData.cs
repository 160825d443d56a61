using Larder.Sources.Tests;
using Larder.Testing;

namespace Larder.EndToEnd.Restores;

/// <summary>A SQLite database and a folder with a page: two parts that are exchanged one after the other.</summary>
internal sealed class FileLiveData : LiveData
{
    private readonly TemporaryFolder folder = new();

    private FileLiveData() => Larder = new LarderProcess { WorkingFolder = folder.FullPath };

    public override LarderProcess Larder { get; }

    public override string State => folder["state"];

    protected override string RepositoryPassword => "correct-horse";

    public override string PathOf(string name) => folder[name];

    public override bool IsServiceRunning => File.Exists(folder["running"]);

    public override IReadOnlyList<string> Leftovers =>
    [
        .. Directory.EnumerateFileSystemEntries(folder["tmp"]),
        .. RunningProcesses.FindByArgument(folder.FullPath),
        .. Directory.EnumerateFileSystemEntries(folder.FullPath, "*", SearchOption.AllDirectories)
            .Where(path => path.EndsWith(".unfinished", StringComparison.Ordinal) || path.EndsWith('~')),
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Page => Path.Combine(Site, "page.html");

    private string Site => Path.Combine(folder["www"], "site");

    private string Database => Path.Combine(folder["data"], "app.db");

    public static async Task<FileLiveData> CreateAsync()
    {
        var data = new FileLiveData();
        await data.MakeAsync();
        return data;
    }

    public override Task ChangeAsync() => WriteAsync("later");

    public override async Task<string> FingerprintAsync() =>
        $"{await File.ReadAllTextAsync(Page, Cancellation)} {(await SqliteAsync("SELECT count(*), group_concat(a) FROM t")).Expect().Output.Trim()}";

    public override async Task<IReadOnlyDictionary<string, string>?> LookAsync()
    {
        return new Dictionary<string, string> { ["page"] = await File.ReadAllTextAsync(Page, Cancellation), ["database"] = ReadDatabase() };
    }

    public override Task<IReadOnlyList<string>> ListBesideAsync() => Task.FromResult<IReadOnlyList<string>>(
        [.. Directory.EnumerateFileSystemEntries(folder["www"], ".site.larder-*").Where(path => !path.EndsWith(".id", StringComparison.Ordinal))]);

    public override async ValueTask DisposeAsync()
    {
        await Larder.DisposeAsync();
        await folder.DisposeAsync();
    }

    private async Task MakeAsync()
    {
        Directory.CreateDirectory(Site);
        folder.Make("data");
        Larder.Environment["TMPDIR"] = folder.Make("tmp");
        Larder.Environment["DOTNET_EnableDiagnostics"] = "0"; // Otherwise .NET itself leaves a pipe there.
        await File.WriteAllTextAsync(
            folder["larder.yaml"],
            $$"""
            state_directory: {{State}}
            repositories: { local: { path: {{folder["repository"]}}, password: correct-horse } }
            jobs:
              app:
                sources:
                  db: { sqlite: { path: {{Database}} } }
                  site: { files: { paths: [{{Site}}] } }
                {{Service(folder["running"])}}
            """,
            Cancellation);
        File.SetUnixFileMode(folder["larder.yaml"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllTextAsync(folder["running"], "", Cancellation);
        (await SqliteAsync("CREATE TABLE t(a); INSERT INTO t VALUES(''), ('')")).Expect();
        await WriteAsync("backed up");
        (await Larder.RunAsync("init")).Expect();
    }

    private async Task WriteAsync(string text)
    {
        (await SqliteAsync($"UPDATE t SET a = '{text}'")).Expect();
        await File.WriteAllTextAsync(Page, text, Cancellation);
    }

    /// <summary>The file alone, as somebody who opens it at any moment: it is whole, so its pages hold the one text or the other.</summary>
    private string ReadDatabase() => System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(Database)) switch
    {
        var bytes when bytes.Contains("backed up", StringComparison.Ordinal) => "backed up",
        var bytes when bytes.Contains("later", StringComparison.Ordinal) => "later",
        _ => "half",
    };

    private Task<ChildResult> SqliteAsync(string sql) =>
        ChildProcess.RunAsync(new ChildCommand("sqlite3", "-batch", "-cmd", ".timeout 5000", Database, sql), Cancellation);
}
