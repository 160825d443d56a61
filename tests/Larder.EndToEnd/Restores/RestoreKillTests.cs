using Larder.EndToEnd.Servers;
using Larder.Testing;

namespace Larder.EndToEnd.Restores;

/// <summary>
/// Kill -9 at every line of a restore's journal, with a reader: what is live afterwards is exactly what was before, or exactly what was
/// backed up, and the recovery says which.
/// </summary>
public sealed class RestoreKillTests(DatabaseServers servers)
{
    [Fact]
    [Trait("Kind", "server")]
    public Task A_PostgreSQL_restore_killed_at_any_step_is_undone_or_finished() => SeededRandom.RunAsync(async random =>
    {
        await using var data = await PostgreSqlLiveData.CreateAsync(await servers.PostgresAsync(), servers.NameDatabase("killed"));
        await new KillCampaign(data, random).RunAsync();
    });

    [Fact]
    public Task A_restore_of_SQLite_and_files_killed_at_any_step_is_undone_or_finished() => SeededRandom.RunAsync(async random =>
    {
        await using var data = await FileLiveData.CreateAsync();
        await new KillCampaign(data, random).RunAsync();
    });

    [Fact]
    [Trait("Kind", "server")]
    public Task A_MongoDB_restore_killed_at_any_step_is_undone_or_finished() => SeededRandom.RunAsync(async random =>
    {
        await using var data = await MongoDbLiveData.CreateAsync(await servers.MongoAsync(), servers.NameDatabase("killed"));
        await new KillCampaign(data, random).RunAsync();
    });
}
