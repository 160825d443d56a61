using Larder.Testing;

namespace Larder.EndToEnd;

/// <summary>
/// Damage to files of a repository, met through the program: verify finds it (exit 5), or the use is refused; a restore never writes wrong
/// bytes. The long campaign over every kind of file runs in Larder.Repository.Tests; this is its proof at the command line.
/// </summary>
public sealed class DamageTests
{
    private static readonly int Damages = Environment.GetEnvironmentVariable("LARDER_SOAK") == "1" ? 120 : 18;

    // 5 found damage; 1, 10, 11 and 12 refuse: storage failed, no repository, a lock that cannot be read, no key that opens.
    private static readonly int[] Refusals = [1, 5, 10, 11, 12];

    [Fact]
    public Task Every_flipped_bit_truncation_and_deletion_is_noticed_and_nothing_wrong_is_restored() => SeededRandom.RunAsync(async random =>
    {
        await using var installation = await Installation.CreateAsync();
        for (var i = 0; i < 3; i++)
        {
            await installation.ChangeAsync(random, 200_000);
            await installation.BackUpAsync();
        }
        var right = await File.ReadAllBytesAsync(installation.DumpFile);
        var backup = (await installation.ListAsync())[0].GetProperty("backup_id").GetString()!;
        var kinds = new[] { "config", "keys", "index", "snapshots", "data" };

        for (var i = 0; i < Damages; i++)
        {
            var kind = kinds[i % kinds.Length];
            var (path, saved) = await DamageAsync(installation, kind, random);

            var verified = await installation.Larder.RunAsync("verify", "--level", "data");
            var restored = await installation.Larder.RunAsync("restore", backup, "--only", "dump", "--target", installation["out/"], "--confirm");

            var isForgotten = kind == "snapshots" && !File.Exists(path); // Like a backup that somebody removed: its name is refused on use.
            if (!isForgotten)
            {
                Assert.True(Refusals.Contains(verified.ExitStatus), $"damage {i} to {path}: {verified}");
            }
            if (restored.ExitStatus == 0)
            {
                Assert.Equal(right, await File.ReadAllBytesAsync(installation["out/dump.sql"]));
                File.Delete(installation["out/dump.sql"]);
            }
            Assert.False(File.Exists(installation["out/dump.sql"]), $"damage {i} to {path}: a failed restore left a file");
            Assert.DoesNotContain("   at ", verified.Error + restored.Error, StringComparison.Ordinal);
            await RepairAsync(path, saved);
        }
        (await installation.Larder.RunAsync("verify", "--level", "data")).Expect();
    });

    private static async Task<(string Path, byte[] Saved)> DamageAsync(Installation installation, string kind, Random random)
    {
        var path = Path.Combine(installation.RepositoryFolder, kind);
        if (Directory.Exists(path))
        {
            var files = Directory.GetFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
            path = files[random.Next(files.Length)];
        }
        var saved = await File.ReadAllBytesAsync(path);
        switch (random.Next(3))
        {
            case 0:
                var flipped = (byte[])saved.Clone();
                flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
                await RepairAsync(path, flipped);
                break;
            case 1:
                await RepairAsync(path, saved[..random.Next(saved.Length)]);
                break;
            default:
                File.Delete(path);
                break;
        }
        return (path, saved);
    }

    private static async Task RepairAsync(string path, byte[] content)
    {
        File.Delete(path);
        await using var file = File.Create(path);
        await file.WriteAsync(content);
    }
}
