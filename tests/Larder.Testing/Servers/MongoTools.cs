namespace Larder.Testing.Servers;

/// <summary>The engine's own programs: the independent writer and reader of dumps in the layout that Larder uses.</summary>
public static class MongoTools
{
    public static string MongoDump { get; } = Find("mongodump");

    public static string MongoRestore { get; } = Find("mongorestore");

    /// <summary>Runs mongodump into a folder and throws with all that it said unless it ended well.</summary>
    public static async Task<ChildResult> DumpAsync(string url, string folder, params IReadOnlyList<string> options) =>
        (await ChildProcess.RunAsync(new ChildCommand(MongoDump, [$"--uri={url}", $"--out={folder}", .. options]))).Expect();

    /// <summary>Runs mongorestore of a folder and throws with all that it said unless it ended well.</summary>
    public static async Task<ChildResult> RestoreAsync(string url, string folder, params IReadOnlyList<string> options) =>
        (await ChildProcess.RunAsync(new ChildCommand(MongoRestore, [$"--uri={url}", .. options, folder]))).Expect();

    private static string Find(string name) => RepositoryRoot.Combine("artifacts", "tools", "mongodb", name);
}
