using Larder.EndToEnd.Servers;
using Larder.Sources.Tests;
using Larder.Testing;

namespace Larder.EndToEnd.Restores;

/// <summary>What lies on a database server.</summary>
internal abstract class ServerLiveData : LiveData
{
    private readonly TemporaryFolder folder = new();
    private ServerDesk desk = null!;

    public override LarderProcess Larder => desk.Larder;

    public override string State => desk["state"];

    protected override string RepositoryPassword => ServerDesk.RepositoryPassword;

    public override string PathOf(string name) => name == "running" ? folder[name] : desk[name];

    public override bool IsServiceRunning => File.Exists(folder["running"]);

    /// <summary>What processes that are gone have left in the folder for temporary files, and what runs on in it.</summary>
    public override IReadOnlyList<string> Leftovers =>
        [.. Directory.EnumerateFileSystemEntries(folder["tmp"]), .. RunningProcesses.FindByArgument(folder["tmp"])];

    protected async Task OpenAsync(string engine, string url, string settings = "")
    {
        folder.Make("tmp");
        await File.WriteAllTextAsync(folder["running"], "", TestContext.Current.CancellationToken);
        desk = await ServerDesk.CreateAsync(engine, url, settings, job: Service(folder["running"]));
        Larder.Environment["TMPDIR"] = folder["tmp"];
        Larder.Environment["DOTNET_EnableDiagnostics"] = "0"; // Otherwise .NET itself leaves a pipe there.
    }

    public override async ValueTask DisposeAsync()
    {
        await desk.DisposeAsync();
        await folder.DisposeAsync();
    }
}
