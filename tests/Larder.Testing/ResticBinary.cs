using System.Text.Json;

namespace Larder.Testing;

/// <summary>One real restic program: the independent reader of what Larder writes, and the writer of what Larder must read.</summary>
public sealed class ResticBinary
{
    private ResticBinary(string name, string path)
    {
        Name = name;
        FullPath = path;
    }

    /// <summary>"system" for the distribution's own, "newer" for the one that eng/install puts beside it.</summary>
    public string Name { get; }

    public string FullPath { get; }

    /// <summary>Every restic of this machine. Empty only where eng/install test has not run.</summary>
    public static IReadOnlyList<ResticBinary> All { get; } = [.. Find()];

    /// <summary>The names of <see cref="All"/> as rows of a theory.</summary>
    public static IEnumerable<object[]> Names => All.Select(binary => new object[] { binary.Name });

    public static ResticBinary Named(string name) => All.First(binary => binary.Name == name);

    /// <summary>Such as "0.14.0".</summary>
    public async Task<string> VersionAsync(CancellationToken cancellationToken = default)
    {
        var said = await ChildProcess.RunAsync(new ChildCommand(FullPath, "version"), cancellationToken);
        return said.Expect().Output.Split(' ')[1];
    }

    /// <summary>This program working on one repository: a folder, or any place that restic itself can name.</summary>
    public ResticRepository At(string repository, string password) => new(this, repository, password);

    public override string ToString() => Name;

    private static IEnumerable<ResticBinary> Find()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        var system = folders.Select(folder => Path.Combine(folder, "restic")).FirstOrDefault(File.Exists);
        if (system is not null)
        {
            yield return new ResticBinary("system", system);
        }

        var newer = RepositoryRoot.Combine("artifacts", "tools", "restic-new", "restic");
        if (File.Exists(newer))
        {
            yield return new ResticBinary("newer", newer);
        }
    }
}

/// <summary>
/// One repository as real restic sees it. The password goes by environment, and no cache is kept, so every answer comes from the
/// files themselves. Methods that name an operation throw <see cref="ChildFailedException"/> when restic reports failure.
/// </summary>
public sealed class ResticRepository(ResticBinary binary, string repository, string password)
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(10);

    public async Task InitAsync(int version = 2, CancellationToken cancellationToken = default) =>
        (await RunAsync(["init", "--repository-version", $"{version}"], cancellationToken)).Expect();

    /// <summary>Structure only.</summary>
    public async Task<ChildResult> CheckAsync(CancellationToken cancellationToken = default) =>
        (await RunAsync(["check"], cancellationToken)).Expect();

    /// <summary>Every byte of every pack is read, decrypted and hashed.</summary>
    public async Task<ChildResult> CheckReadDataAsync(CancellationToken cancellationToken = default) =>
        (await RunAsync(["check", "--read-data"], cancellationToken)).Expect();

    public async Task<ChildResult> RestoreAsync(string snapshot, string target, CancellationToken cancellationToken = default) =>
        (await RunAsync(["restore", snapshot, "--target", target], cancellationToken)).Expect();

    /// <summary>Backs up one path and returns the new snapshot's full id.</summary>
    public async Task<string> BackupAsync(
        string path, IReadOnlyList<string>? options = null, CancellationToken cancellationToken = default) =>
        SnapshotIn(await RunAsync(["backup", "--json", .. options ?? [], path], cancellationToken));

    /// <summary>Backs up a stream as one file and returns the new snapshot's id.</summary>
    public async Task<string> BackupStreamAsync(
        string name, Func<Stream, CancellationToken, Task> content, CancellationToken cancellationToken = default) =>
        SnapshotIn(await ChildProcess.RunAsync(
            Command(["backup", "--json", "--stdin", "--stdin-filename", name]) with { StandardInput = content }, cancellationToken));

    /// <summary>All snapshots, as restic tells them: id, short_id, time, tree, paths, tags, hostname and so on.</summary>
    public async Task<IReadOnlyList<JsonElement>> SnapshotsAsync(CancellationToken cancellationToken = default)
    {
        var said = (await RunAsync(["snapshots", "--json"], cancellationToken)).Expect();
        // Restic says null, and not an empty list, where there is none.
        using var document = JsonDocument.Parse(said.OutputBytes);
        return document.RootElement.ValueKind == JsonValueKind.Null ? [] : [.. document.RootElement.Clone().EnumerateArray()];
    }

    /// <summary>The nodes of a snapshot in restic's order, one JSON object each; the leading snapshot object is left out.</summary>
    public async Task<IReadOnlyList<JsonElement>> NodesAsync(string snapshot, CancellationToken cancellationToken = default)
    {
        var said = (await RunAsync(["ls", "--json", snapshot], cancellationToken)).Expect();
        return [.. JsonLines(said).Skip(1)];
    }

    /// <summary>The content of one file of a snapshot.</summary>
    public async Task<ReadOnlyMemory<byte>> DumpAsync(string snapshot, string path, CancellationToken cancellationToken = default) =>
        (await RunAsync(["dump", snapshot, path], cancellationToken)).Expect().OutputBytes;

    public async Task ForgetAsync(IReadOnlyList<string> options, CancellationToken cancellationToken = default) =>
        (await RunAsync(["forget", .. options], cancellationToken)).Expect();

    public async Task PruneAsync(CancellationToken cancellationToken = default) =>
        (await RunAsync(["prune", "--max-unused", "0"], cancellationToken)).Expect();

    public async Task UnlockAsync(CancellationToken cancellationToken = default) =>
        (await RunAsync(["unlock", "--remove-all"], cancellationToken)).Expect();

    /// <summary>Adds a second password by restic's own hand; <paramref name="newPasswordFile"/> holds it.</summary>
    public async Task AddKeyAsync(string newPasswordFile, CancellationToken cancellationToken = default) =>
        (await RunAsync(["key", "add", "--new-password-file", newPasswordFile], cancellationToken)).Expect();

    /// <summary>Any other command, with whatever status it ends.</summary>
    public Task<ChildResult> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken = default) =>
        ChildProcess.RunAsync(Command(arguments), cancellationToken);

    /// <summary>Starts a command without waiting for it, for tests that need two programs at once or kill one.</summary>
    public ChildProcess Start(IReadOnlyList<string> arguments, CancellationToken cancellationToken = default) =>
        ChildProcess.Start(Command(arguments), cancellationToken);

    private ChildCommand Command(IReadOnlyList<string> arguments) => new(
        binary.FullPath, ["--no-cache", "--repo", repository, .. arguments])
    {
        Environment = new Dictionary<string, string?>
        {
            ["RESTIC_PASSWORD"] = password,
            ["RESTIC_PASSWORD_FILE"] = null,
            ["RESTIC_REPOSITORY"] = null,
            ["RESTIC_PROGRESS_FPS"] = null,
        },
        Bound = Bound,
    };

    private static string SnapshotIn(ChildResult result) => JsonLines(result.Expect())
        .Single(line => line.GetProperty("message_type").GetString() == "summary")
        .GetProperty("snapshot_id").GetString()!;

    private static IEnumerable<JsonElement> JsonLines(ChildResult result) => result.Output
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => JsonSerializer.Deserialize<JsonElement>(line));
}
