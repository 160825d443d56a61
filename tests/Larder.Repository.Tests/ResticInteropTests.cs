using Larder.Repository.Maintenance;
using Larder.Repository.Storage;
using Larder.Testing;

namespace Larder.Repository.Tests;

/// <summary>Real restic reads what we write, and we read what it writes, in turn in one repository. Slow: each call of restic derives its key anew.</summary>
[Trait("Kind", "campaign")]
public sealed class ResticInteropTests
{
    public static TheoryData<string> Binaries { get; } = [.. ResticBinary.All.Select(binary => binary.Name)];

    [Theory]
    [MemberData(nameof(Binaries))]
    public async Task Both_write_to_one_repository_in_turn(string name)
    {
        using var folder = new TemporaryFolder();
        using var storage = new LocalStorage(folder["repository"]);
        await storage.PrepareAsync(CancellationToken.None);
        (await Repository.CreateAsync(storage, Backups.Password, Backups.Options, CancellationToken.None)).Dispose();
        var restic = ResticBinary.Named(name).At(folder["repository"], Backups.Password);
        var ours = await Backups.StoreAsync(storage, Backups.Files(1, count: 30));
        var gone = await Backups.StoreAsync(storage, Backups.Files(2, count: 30));

        // Theirs, with names that need quoting and a link.
        var odd = Directory.CreateDirectory(folder["odd \"names\"\n\u00e9"]).FullName;
        var content = SeededBytes.Text(3_000_000, 5);
        await WriteAsync(Path.Combine(odd, "back\\slash \u2028 tab\t"), content);
        File.CreateSymbolicLink(Path.Combine(odd, "link"), "nowhere");
        var theirs = new SnapshotId(Hash256.Parse(await FullIdAsync(restic, await restic.BackupAsync(odd))));

        await restic.CheckReadDataAsync();
        await restic.RestoreAsync(ours.Id.ToString(), folder["restored"]);
        foreach (var (path, hash) in ours.Files)
        {
            Assert.Equal(hash, Hash256.Of(await File.ReadAllBytesAsync(Path.Combine(folder["restored"], path))));
        }
        using (var repository = await Backups.OpenAsync(storage))
        {
            Assert.Contains(Hash256.Of(content), (await Backups.RestoreAsync(repository, theirs)).Values);
        }

        // We forget and prune among theirs, and they among ours.
        await Backups.ForgetAsync(storage, gone.Id);
        Assert.False((await Backups.PruneAsync(storage, new PruneOptions { UnusedPercentMax = 0 })).IsNothing);
        await restic.CheckReadDataAsync();
        var last = await Backups.StoreAsync(storage, Backups.Files(3));
        await restic.ForgetAsync([ours.Id.ToString()]);
        await restic.PruneAsync();
        await Backups.AssertHoldsAsync(storage, [last]);
        using var after = await Backups.OpenAsync(storage);
        Assert.Contains(Hash256.Of(content), (await Backups.RestoreAsync(after, theirs)).Values);
    }

    [Theory]
    [MemberData(nameof(Binaries))]
    public async Task We_write_check_and_prune_a_repository_of_version_1_that_restic_made(string name)
    {
        using var folder = new TemporaryFolder();
        var restic = ResticBinary.Named(name).At(folder["repository"], Backups.Password);
        await restic.InitAsync(version: 1);
        await WriteAsync(folder["file"], SeededBytes.Text(100_000, 1));
        await restic.BackupAsync(folder["file"]);
        using var storage = new LocalStorage(folder["repository"]);

        var gone = await Backups.StoreAsync(storage, Backups.Files(1, count: 30));
        var ours = await Backups.StoreAsync(storage, Backups.Files(2, count: 30));
        await Backups.ForgetAsync(storage, gone.Id);
        await Backups.PruneAsync(storage, new PruneOptions { UnusedPercentMax = 0 });

        await Backups.AssertHoldsAsync(storage, [ours]);
        await restic.CheckReadDataAsync();
    }

    [Theory]
    [MemberData(nameof(Binaries))]
    public async Task Passwords_and_locks_hold_for_both(string name)
    {
        using var folder = new TemporaryFolder();
        using var storage = new LocalStorage(folder["repository"]);
        await storage.PrepareAsync(CancellationToken.None);
        using var repository = await Repository.CreateAsync(storage, Backups.Password, Backups.Options, CancellationToken.None);
        await KeyRing.AddAsync(repository, "added by us", CancellationToken.None);
        var restic = ResticBinary.Named(name).At(folder["repository"], "added by us");
        await WriteAsync(folder["password"], "added by restic"u8.ToArray());
        await restic.AddKeyAsync(folder["password"]);
        (await Repository.OpenAsync(storage, "added by restic", Backups.Options, CancellationToken.None)).Dispose();

        await using (await RepositoryLock.AcquireAsync(repository, LockMode.Exclusive, CancellationToken.None))
        {
            var refused = await restic.RunAsync(["check"]);
            Assert.NotEqual(0, refused.ExitStatus);
            Assert.Contains("locked", refused.Error, StringComparison.Ordinal);
        }

        // A backup from a stream holds restic's lock for as long as the stream is open.
        var content = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var backup = restic.BackupStreamAsync("stream", async (stream, token) =>
        {
            await content.Task.WaitAsync(token);
            await stream.WriteAsync("content"u8.ToArray(), token);
        });
        while ((await Backups.ListAsync(storage, FileKind.Lock)).Count == 0 && !backup.IsCompleted)
        {
            await Task.Yield();
        }
        var failure = await Assert.ThrowsAsync<RepositoryException>(
            () => RepositoryLock.AcquireAsync(repository, LockMode.Exclusive, CancellationToken.None));
        Assert.Equal(RepositoryError.Locked, failure.Error);
        content.SetResult();
        await backup;
        await (await RepositoryLock.AcquireAsync(repository, LockMode.Exclusive, CancellationToken.None)).DisposeAsync();
    }

    private static async Task WriteAsync(string path, byte[] content)
    {
        await using var file = File.Create(path);
        await file.WriteAsync(content);
    }

    private static async Task<string> FullIdAsync(ResticRepository restic, string id) => (await restic.SnapshotsAsync())
        .Select(snapshot => snapshot.GetProperty("id").GetString()!)
        .Single(full => full.StartsWith(id, StringComparison.Ordinal));
}
