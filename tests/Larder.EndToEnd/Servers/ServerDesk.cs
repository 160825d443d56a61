using System.Text.Json;
using Larder.Testing;

namespace Larder.EndToEnd.Servers;

/// <summary>
/// A user who backs up one database server: a configuration with the job `app` and its source `db`, and a repository, driven through the
/// real program only. The server's URL comes from the variable SERVER_URL, that of the environment `staging` from STAGING_URL.
/// </summary>
internal sealed class ServerDesk : IAsyncDisposable
{
    public const string RepositoryPassword = "correct horse battery staple";

    private readonly TemporaryFolder folder = new();

    private ServerDesk(string engine, string settings, string url, string more, string job)
    {
        Larder = new LarderProcess { WorkingFolder = folder.FullPath };
        Larder.Environment["REPOSITORY_PASSWORD"] = RepositoryPassword;
        Larder.Environment["SERVER_URL"] = url;
        Larder.Environment["STAGING_URL"] = $"{engine}://staging.invalid/app"; // Where it is production too, nothing is restored.
        File.WriteAllText(folder["larder.yaml"], $$"""
            repositories:
              local: { path: {{folder["repository"]}}, password: "${REPOSITORY_PASSWORD}" }
            state_directory: {{folder["state"]}}
            jobs:
              app:
                sources:
                  db: { {{engine}}: { url: "${SERVER_URL}"{{settings}} }{{more}} }
                {{job}}
                environments:
                  staging: { db: { url: "${STAGING_URL}" } }
            """);
    }

    public LarderProcess Larder { get; }

    public string this[string name] => folder[name];

    public string Url
    {
        set => Larder.Environment["SERVER_URL"] = value;
    }

    public string StagingUrl
    {
        set => Larder.Environment["STAGING_URL"] = value;
    }

    /// <param name="engine">The key of the source.</param>
    /// <param name="url">The server and its database.</param>
    /// <param name="settings">More keys of the engine, each after a comma.</param>
    /// <param name="more">More keys of the source, each after a comma.</param>
    /// <param name="job">One more key of the job.</param>
    public static async Task<ServerDesk> CreateAsync(string engine, string url, string settings = "", string more = "", string job = "")
    {
        var desk = new ServerDesk(engine, settings, url, more, job);
        await desk.Larder.ExpectAsync(0, "init");
        return desk;
    }

    public Task<JsonElement> BackUpAsync() => Larder.JsonAsync("backup", "app");

    public async Task RestoreAsync(params IReadOnlyList<string> options)
    {
        var said = await Larder.JsonAsync(["restore", "app:latest", "--confirm", .. options]);
        Assert.Equal("success", said.GetProperty("status").GetString());
        Assert.True(said.GetProperty("verified").GetBoolean(), said.GetRawText());
    }

    /// <summary>The newest backup proper as stock restic restores it: the folder of the source.</summary>
    public async Task<string> RestoreByResticAsync()
    {
        var target = folder["by-restic"];
        (await ResticBinary.All[0].At(folder["repository"], RepositoryPassword).RestoreAsync("latest", target)).Expect();
        return Path.Combine(target, "app", "db");
    }

    /// <summary>Runs what must fail, and asserts that it says so without the secret and leaves no backup behind.</summary>
    public async Task<string> FailAsync(int exitStatus, string code, string secret, params IReadOnlyList<string> arguments)
    {
        var before = (await Larder.JsonAsync("list")).GetArrayLength();
        var said = (await Larder.RunAsync(arguments)).Expect(exitStatus);
        Assert.Contains(code, said.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, said.Output + said.Error, StringComparison.Ordinal);
        Assert.Equal(before, (await Larder.JsonAsync("list")).GetArrayLength());
        return said.Error;
    }

    public async ValueTask DisposeAsync()
    {
        await Larder.DisposeAsync();
        await folder.DisposeAsync();
    }
}
