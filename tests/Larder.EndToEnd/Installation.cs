using System.Text.Json;
using Larder.Repository;
using Larder.Repository.Index;
using Larder.Repository.Maintenance;
using Larder.Repository.Reading;
using Larder.Repository.Snapshots;
using Larder.Repository.Storage;
using Larder.Testing;

namespace Larder.EndToEnd;

/// <summary>A user's installation: a configuration, a database in use, a code folder, and a repository, driven through the real program only.</summary>
internal sealed class Installation : IAsyncDisposable
{
    public const string Password = "correct horse battery staple";

    private readonly TemporaryFolder folder = new();

    private Installation()
    {
        Larder = new LarderProcess { WorkingFolder = folder.FullPath };
        Directory.CreateDirectory(Code);
        File.WriteAllText(folder["password"], Password + "\n");
        File.SetUnixFileMode(folder["password"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(folder["larder.yaml"], $$"""
            repositories:
              local: { path: {{RepositoryFolder}}, password_file: {{folder["password"]}} }
            state_directory: {{folder["state"]}}
            jobs:
              journal:
                sources:
                  db: { sqlite: { path: {{Database}} } }
                  code: { files: { paths: [{{Code}}] } }
                  dump: { command: { run: "cat {{DumpFile}}", name: dump.sql } }
                keep: { last: 3 }
              other:
                sources:
                  dump: { command: { run: "cat {{DumpFile}}", name: dump.sql } }
                keep: { last: 2 }
            """);
        File.WriteAllText(DumpFile, "");
    }

    public LarderProcess Larder { get; }

    public string RepositoryFolder => folder["repository"];

    public string Database => folder["app.db"];

    public string Code => folder["code"];

    public string DumpFile => folder["dump.sql"];

    public string this[string name] => folder[name];

    public static async Task<Installation> CreateAsync()
    {
        var installation = new Installation();
        await installation.SqliteAsync("PRAGMA journal_mode=WAL; CREATE TABLE entries(id INTEGER PRIMARY KEY, text TEXT)");
        (await installation.Larder.RunAsync("init")).Expect();
        return installation;
    }

    public ResticRepository Restic(ResticBinary binary) => binary.At(RepositoryFolder, Password);

    /// <summary>Changes all three sources, some of it anew and some of it in place.</summary>
    public async Task ChangeAsync(Random random, int bytes)
    {
        await SqliteAsync($"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {random.Next(1, 300)}) INSERT INTO entries(text) SELECT hex(randomblob(30)) FROM n;"
            + $"DELETE FROM entries WHERE id % 7 = {random.Next(7)};");
        var name = Path.Combine(Code, $"file{random.Next(20)}.bin");
        var content = new byte[random.Next(1, bytes)];
        random.NextBytes(content);
        await File.WriteAllBytesAsync(name, content);
        var row = new byte[random.Next(1, bytes)];
        random.NextBytes(row);
        await File.AppendAllTextAsync(DumpFile, Convert.ToBase64String(row) + "\n");
    }

    public async Task<string> SqliteAsync(string command) =>
        (await ChildProcess.RunAsync(new ChildCommand("sqlite3", "-cmd", ".timeout 10000", Database, command))).Expect().Output;

    public async Task<JsonElement> BackUpAsync(string job = "journal") => await Larder.JsonAsync("backup", job);

    public async Task<IReadOnlyList<JsonElement>> ListAsync() => [.. (await Larder.JsonAsync("list")).EnumerateArray()];

    public async ValueTask DisposeAsync()
    {
        await Larder.DisposeAsync();
        await folder.DisposeAsync();
    }
}

/// <summary>Looks into an installation's repository through the library: quicker than a process for each look, and as strict.</summary>
internal sealed class Inspection : IDisposable
{
    private readonly Repository.Repository repository;

    private Inspection(Repository.Repository repository) => this.repository = repository;

    public static async Task<Inspection> OpenAsync(Installation installation) => new(await Repository.Repository.OpenAsync(
        new LocalStorage(installation.RepositoryFolder), Installation.Password, new RepositoryOptions(), CancellationToken.None));

    /// <summary>Every byte of the repository is right; leftovers of interrupted work may lie about.</summary>
    public async Task AssertCleanAsync()
    {
        var report = await new Checker(repository, new CheckOptions { ReadsData = true }).ExecuteAsync(CancellationToken.None);
        Assert.True(report.IsClean, string.Join('\n', report.Damages.Select(damage => damage.Message)));
    }

    /// <summary>The content of every snapshot as one hash, read through to the last byte.</summary>
    public async Task<IReadOnlyDictionary<SnapshotId, Hash256>> ContentsAsync()
    {
        var index = await repository.ReadIndexAsync(System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw, CancellationToken.None);
        var contents = new Dictionary<SnapshotId, Hash256>();
        await foreach (var snapshot in repository.ListSnapshotsAsync(System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw, CancellationToken.None))
        {
            contents[snapshot.Id] = await ContentAsync(index, snapshot.Snapshot);
        }
        return contents;
    }

    public void Dispose() => repository.Dispose();

    private async Task<Hash256> ContentAsync(MasterIndex index, Snapshot snapshot)
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        var blobs = new BlobReader(repository, index);
        await foreach (var (path, node) in new TreeSource(repository, index).WalkAsync(snapshot.Tree, CancellationToken.None))
        {
            hash.AppendData(path[^1].Bytes);
            await foreach (var plain in blobs.ReadAsync(node.Content ?? [], CancellationToken.None))
            {
                hash.AppendData(plain.Span);
            }
        }
        return new Hash256(hash.GetHashAndReset());
    }
}
