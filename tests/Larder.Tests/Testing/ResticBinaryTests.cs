using Larder.Testing;

namespace Larder.Tests.Testing;

/// <summary>The judge is examined first: what restic says here about its own repositories is what interop tests rely on.</summary>
public sealed class ResticBinaryTests
{
    public static IEnumerable<object[]> Restic => ResticBinary.Names;

    [Theory]
    [MemberData(nameof(Restic))]
    public async Task A_backup_of_restic_is_listed_checked_dumped_and_restored(string name)
    {
        await using var folder = new TemporaryFolder();
        var file = folder.Combine("file");
        await File.WriteAllTextAsync(file, "larder\n");
        var repository = ResticBinary.Named(name).At(folder.Combine("repository"), "secret");

        await repository.InitAsync();
        var backup = await repository.BackupAsync(file);
        var stream = await repository.BackupStreamAsync("dump.sql", async (input, token) => await input.WriteAsync("rows"u8.ToArray(), token));
        await repository.CheckReadDataAsync();
        await repository.RestoreAsync(backup, folder.Combine("target"));

        Assert.Equal("larder\n", await File.ReadAllTextAsync($"{folder.Combine("target")}{file}"));
        Assert.Equal("rows"u8.ToArray(), await repository.DumpAsync(stream, "/dump.sql"));
        Assert.Equal(2, (await repository.SnapshotsAsync()).Count);
        Assert.Contains(await repository.NodesAsync(backup), node => node.GetProperty("path").GetString() == file);
    }

    [Theory]
    [MemberData(nameof(Restic))]
    public async Task Damage_makes_the_check_fail(string name)
    {
        await using var folder = new TemporaryFolder();
        var repository = ResticBinary.Named(name).At(folder.Combine("repository"), "secret");
        await repository.InitAsync();
        await repository.BackupAsync(RepositoryRoot.Combine("LICENSE"));
        var pack = Directory.GetFiles(folder.Combine("repository", "data"), "*", SearchOption.AllDirectories).Order().First();
        var bytes = await File.ReadAllBytesAsync(pack);
        bytes[0] ^= 1;
        File.SetUnixFileMode(pack, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllBytesAsync(pack, bytes);

        await Assert.ThrowsAsync<ChildFailedException>(() => repository.CheckReadDataAsync());
    }

    [Theory]
    [MemberData(nameof(Restic))]
    public async Task The_version_is_known(string name)
    {
        Assert.True(Version.Parse(await ResticBinary.Named(name).VersionAsync()) >= new Version(0, 14));
    }

    [Fact]
    public void The_distributions_restic_is_here() => Assert.Contains(ResticBinary.All, binary => binary.Name == "system");
}
