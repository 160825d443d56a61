using System.Text.Json;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;
using Larder.Engine.Verify;
using Larder.Repository;
using Larder.Repository.Storage;

namespace Larder.Engine.Tests.Maintenance;

public sealed class MaintenanceTests
{
    [Fact]
    public async Task A_copy_brings_what_is_missing_and_keeps_its_name()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        larder.To = ["local"];
        var first = await larder.BackUpAsync();
        var second = await larder.BackUpAsync();

        var one = await CopyAsync(larder, first.ShortId);
        Assert.Equal(first.BackupId, Assert.Single(one.Copied).BackupId);
        Assert.True(one.CopiedBytes > 0);
        var all = await CopyAsync(larder);
        Assert.Equal(second.BackupId, Assert.Single(all.Copied).BackupId);
        Assert.Equal(1, all.AlreadyThere);
        var none = await CopyAsync(larder);
        Assert.Empty(none.Copied);
        Assert.Equal(0, none.CopiedBytes);

        Assert.All(await larder.ListAsync(), backup => Assert.Equal(["local", "offsite"], backup.Repositories));
        var report = await new VerifyRun(larder.Context(), new VerifyRequest { Level = VerifyLevel.Content }, new RunProgress()).ExecuteAsync(CancellationToken.None);
        Assert.Empty(report.Errors);
        using var json = JsonDocument.Parse(one.ToJson());
        Assert.Equal(first.ShortId, json.RootElement.GetProperty("copied")[0].GetProperty("short_id").GetString());
        var request = new CopyRequest { From = "local", To = "local" };
        var refused = await Assert.ThrowsAsync<LarderException>(() => new CopyRun(larder.Context(), request, new RunProgress()).ExecuteAsync(CancellationToken.None));
        Assert.Equal(EngineError.UsageInvalid, refused.Error);
    }

    [Fact]
    public async Task Passwords_are_added_and_removed_by_the_beginning_of_their_id()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var keys = new KeyCommands(larder.Context(), "local");
        var current = Assert.Single((await keys.ListAsync(CancellationToken.None)).Keys);
        Assert.True(current.Current);

        var added = await keys.AddAsync("another", CancellationToken.None);
        Assert.Equal(2, added.Keys.Count);
        using (var opened = await Repository.Repository.OpenAsync(new LocalStorage(larder.PathOf("local")), "another", larder.Options, CancellationToken.None))
        {
            Assert.Equal(added.Added, opened.KeyId.ToString()[..8]);
        }
        Assert.Equal(RepositoryError.Refused, (await Assert.ThrowsAsync<RepositoryException>(() => keys.RemoveAsync(current.ShortId, CancellationToken.None))).Error);
        Assert.Equal(RepositoryError.NotUnique, (await Assert.ThrowsAsync<RepositoryException>(() => keys.RemoveAsync("", CancellationToken.None))).Error);
        Assert.Equal(RepositoryError.NotUnique, (await Assert.ThrowsAsync<RepositoryException>(() => keys.RemoveAsync("zz", CancellationToken.None))).Error);

        var removed = await keys.RemoveAsync(added.Added!, CancellationToken.None);
        Assert.Equal(current.Id, Assert.Single(removed.Keys).Id);
        Assert.Equal(
            RepositoryError.WrongPassword,
            (await Assert.ThrowsAsync<RepositoryException>(() =>
                Repository.Repository.OpenAsync(new LocalStorage(larder.PathOf("local")), "another", larder.Options, CancellationToken.None))).Error);
        Assert.Equal(
            EngineError.UsageInvalid,
            (await Assert.ThrowsAsync<LarderException>(() => new KeyCommands(larder.Context(), null).ListAsync(CancellationToken.None))).Error);
    }

    [Fact]
    public async Task Only_locks_that_were_left_behind_are_removed_unless_all_are_meant()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var repository = await larder.Context().Repositories.OpenAsync("local", CancellationToken.None);
        await using var held = await RepositoryLock.AcquireAsync(repository, LockMode.Shared, CancellationToken.None);

        Assert.Equal(0, (await new UnlockRun(larder.Context(), null, all: false).ExecuteAsync(CancellationToken.None)).Removed);
        larder.Clock.Now += RepositoryLock.StaleAfter + TimeSpan.FromMinutes(1);
        var report = await new UnlockRun(larder.Context(), null, all: false).ExecuteAsync(CancellationToken.None);
        Assert.Equal([new UnlockedRepository("local", 1), new UnlockedRepository("offsite", 0)], report.Repositories);

        await using var fresh = await RepositoryLock.AcquireAsync(repository, LockMode.Shared, CancellationToken.None);
        Assert.Equal(1, (await new UnlockRun(larder.Context(), "local", all: true).ExecuteAsync(CancellationToken.None)).Removed);
    }

    [Fact]
    public async Task A_lost_index_is_written_anew_from_the_packs()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        await larder.BackUpAsync();
        foreach (var file in larder.StoredFiles("local", FileKind.Index))
        {
            file.Delete();
        }
        var request = new VerifyRequest { Level = VerifyLevel.Content, Repository = "local" };
        Assert.Equal(ExitStatus.Damage, (await new VerifyRun(larder.Context(), request, new RunProgress()).ExecuteAsync(CancellationToken.None)).ExitStatus);

        var report = await new RepairIndexRun(larder.Context(), "local", new RunProgress()).ExecuteAsync(CancellationToken.None);
        var repaired = Assert.Single(report.Repositories);
        Assert.Equal(larder.StoredFiles("local", FileKind.Pack).Count, repaired.Packs);
        Assert.Empty(repaired.UnreadablePacks);
        Assert.Empty((await new VerifyRun(larder.Context(), request, new RunProgress()).ExecuteAsync(CancellationToken.None)).Errors);
    }

    private static Task<CopyReport> CopyAsync(ScratchLarder larder, params string[] names) =>
        new CopyRun(larder.Context(), new CopyRequest { From = "local", To = "offsite", Backups = names }, new RunProgress()).ExecuteAsync(CancellationToken.None);
}
