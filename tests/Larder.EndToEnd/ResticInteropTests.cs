using Larder.Testing;

namespace Larder.EndToEnd;

/// <summary>Every restic that this machine has finds nothing wrong with what the program wrote, after every operation, and the other way round.</summary>
public sealed class ResticInteropTests
{
    public static IEnumerable<object[]> Binaries => ResticBinary.Names;

    [Theory]
    [MemberData(nameof(Binaries))]
    public Task After_every_operation_restic_finds_no_error_and_restores_byte_for_byte(string binary) => SeededRandom.RunAsync(async random =>
    {
        await using var installation = await Installation.CreateAsync();
        var restic = installation.Restic(ResticBinary.Named(binary));
        await File.WriteAllTextAsync(installation["second"], "another password\n");
        string[][] operations =
        [
            ["backup", "journal"],
            ["backup", "journal"],
            ["pin", "journal:latest"],
            ["key", "add", "--new-password-file", installation["second"]],
            ["backup", "other"],
            ["backup", "journal"],
            ["unpin", "journal:latest"],
            ["cleanup"],
            ["repair", "index"],
        ];
        foreach (var operation in operations)
        {
            await installation.ChangeAsync(random, 300_000);
            (await installation.Larder.RunAsync(operation)).Expect();
            await restic.CheckReadDataAsync();
        }

        (await installation.Larder.RunAsync("backup", "journal")).Expect();
        await restic.RestoreAsync("latest", installation["restored"]);
        Assert.Equal(await File.ReadAllBytesAsync(installation.DumpFile), await File.ReadAllBytesAsync(installation["restored/journal/dump/dump.sql"]));
        Assert.Empty(Larder.Sources.Files.FileTreeComparer.Compare(installation.Code, installation[$"restored/journal/code{installation.Code}"]));
        var restored = (await ChildProcess.RunAsync(new ChildCommand("sqlite3", installation["restored/journal/db/app.db"], ".dump"))).Expect();
        Assert.Equal(await installation.SqliteAsync(".dump"), restored.Output);
    });

    [Theory]
    [MemberData(nameof(Binaries))]
    public Task Both_programs_write_to_one_repository_in_turn(string binary) => SeededRandom.RunAsync(async random =>
    {
        await using var installation = await Installation.CreateAsync();
        var restic = installation.Restic(ResticBinary.Named(binary));
        for (var round = 0; round < 3; round++)
        {
            await installation.ChangeAsync(random, 300_000);
            await installation.BackUpAsync();
            await restic.BackupAsync(installation.Code);
        }
        await restic.ForgetAsync(["--keep-last", "1"]);
        await restic.PruneAsync();
        (await installation.Larder.RunAsync("cleanup")).Expect();
        (await installation.Larder.RunAsync("verify", "--level", "data")).Expect();
        await restic.CheckReadDataAsync();

        Assert.NotEmpty(await installation.ListAsync());
        var foreign = (await restic.SnapshotsAsync()).First(snapshot => !snapshot.TryGetProperty("tags", out _));
        await restic.RestoreAsync(foreign.GetProperty("id").GetString()!, installation["restored"]);
        Assert.Empty(Larder.Sources.Files.FileTreeComparer.Compare(installation.Code, installation[$"restored{installation.Code}"]));
    });
}
