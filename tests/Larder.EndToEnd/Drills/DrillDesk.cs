using System.Text.Json;
using Larder.EndToEnd.Servers;
using Larder.Testing;

namespace Larder.EndToEnd.Drills;

/// <summary>A user who drills the backups of one database server, in a folder of the test's own.</summary>
internal sealed class DrillDesk : IAsyncDisposable
{
    private readonly ServerDesk desk;

    private DrillDesk(ServerDesk desk, Leftovers leftovers) => (this.desk, Leftovers) = (desk, leftovers);

    public Leftovers Leftovers { get; }

    public LarderProcess Larder => desk.Larder;

    public string this[string name] => desk[name];

    /// <param name="drill">More keys of `drill`, each after a comma.</param>
    public static async Task<DrillDesk> CreateAsync(string engine, string url, string settings = "", string drill = "")
    {
        var leftovers = new Leftovers();
        var desk = await ServerDesk.CreateAsync(engine, url, settings, job: $"drill: {{ folder: {leftovers.Folder}{drill} }}");
        var drilling = new DrillDesk(desk, leftovers);
        Assert.Equal("success", (await desk.BackUpAsync()).GetProperty("status").GetString());
        return drilling;
    }

    /// <summary>Drills, asserts the exit status and that nothing is left, and returns what was said.</summary>
    public async Task<JsonElement> DrillAsync(int exitStatus, params IReadOnlyList<string> arguments)
    {
        var said = (await Larder.RunAsync(["--json", "drill", .. arguments])).Expect(exitStatus);
        using var document = JsonDocument.Parse(said.OutputBytes);
        await Leftovers.AssertNoneAsync();
        return document.RootElement.Clone();
    }

    /// <summary>Plants a backup with another manifest.</summary>
    public Task<string> PlantAsync(Func<Engine.Backups.Manifest, Engine.Backups.Manifest> change) =>
        Planting.PlantAsync(desk["repository"], ServerDesk.RepositoryPassword, change);

    /// <summary>Plants a backup in which one file of the dump is another, and the manifest the same.</summary>
    public Task<string> PlantFileAsync(Func<Engine.Backups.Manifest, string> file, Func<byte[], byte[]> change) =>
        Planting.PlantAsync(desk["repository"], ServerDesk.RepositoryPassword, manifest => manifest, file, change);

    /// <summary>What `list` says of a backup's last drill.</summary>
    public async Task<string?> VerdictAsync(string backupId) => (await Larder.JsonAsync("list")).EnumerateArray()
        .Single(backup => backup.GetProperty("backup_id").GetString() == backupId).GetProperty("drill").GetString();

    public async ValueTask DisposeAsync()
    {
        await desk.DisposeAsync();
        await Leftovers.DisposeAsync();
    }

    /// <summary>The entry of this name, or that ends so.</summary>
    public static JsonElement Entry(JsonElement said, string name) =>
        said.GetProperty("entries").EnumerateArray().Single(entry => entry.GetProperty("entry").GetString()!.EndsWith(name, StringComparison.Ordinal));

    public static JsonElement Report(JsonElement said) => said.GetProperty("drills")[0].GetProperty("report");

    public static string Error(JsonElement said) => Report(said).GetProperty("errors")[0].GetProperty("message").GetString()!;

    public static string Code(JsonElement said) => Report(said).GetProperty("errors")[0].GetProperty("code").GetString()!;
}
