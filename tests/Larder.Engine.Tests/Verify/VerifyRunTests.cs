using System.Text.Json;
using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Cleanup;
using Larder.Engine.Errors;
using Larder.Engine.Verify;
using Larder.Repository.Maintenance;
using Larder.Repository.Snapshots;
using Larder.Repository.Storage;
using Larder.Testing;

namespace Larder.Engine.Tests.Verify;

public sealed class VerifyRunTests
{
    [Fact]
    public async Task Sound_backups_are_verified_at_every_level()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        await larder.BackUpAsync();
        foreach (var level in Enum.GetValues<VerifyLevel>())
        {
            var report = await VerifyAsync(larder, new VerifyRequest { Level = level });
            Assert.Empty(report.Errors);
            Assert.Equal("success", report.Status);
            Assert.Equal(ExitStatus.Done, report.ExitStatus);
            Assert.Equal(2, report.Checked.Backups);
            Assert.Equal(["local", "offsite"], report.Checked.Repositories);
            Assert.Equal(level >= VerifyLevel.Data, report.Checked.PacksRead > 0);
            if (level == VerifyLevel.Content)
            {
                Assert.Equal(2, report.Checked.Contents);
                Assert.Equal(2 * 5, report.Checked.Entries); // A database, an output, three files; in two repositories.
                Assert.Equal(2 * 200, report.Checked.Rows);
            }
        }
        var run = larder.Context().Catalog!.Runs(new RunFilter { Kind = RunKind.Verify }).Runs[0];
        Assert.Equal(RunStatus.Success, run.Status);
    }

    [Theory]
    [InlineData("flip", VerifyLevel.Data, "LARDER-051")]
    [InlineData("truncate", VerifyLevel.Structure, "LARDER-051")]
    [InlineData("delete", VerifyLevel.Structure, "LARDER-050")]
    public async Task A_damaged_pack_is_named_with_exactly_the_backups_that_it_touches(string damage, VerifyLevel level, string code)
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var first = await larder.BackUpAsync();
        var before = larder.StoredFiles("local", FileKind.Pack).Select(file => file.Name).ToHashSet();
        larder.Execute("INSERT INTO entries SELECT id + 1000, hex(randomblob(500)) FROM entries");
        var second = await larder.BackUpAsync();

        // A pack that came with the second backup: nothing of the first is in it.
        var pack = larder.StoredFiles("local", FileKind.Pack).First(file => !before.Contains(file.Name));
        if (damage == "delete")
        {
            pack.Delete();
        }
        else
        {
            await ScratchLarder.DamageAsync(pack, bytes => damage == "truncate" ? bytes[..(bytes.Length / 4)] : Flip(bytes, bytes.Length / 3));
        }

        var report = await VerifyAsync(larder, new VerifyRequest { Level = level });
        Assert.Equal("failed", report.Status);
        Assert.Equal(ExitStatus.Damage, report.ExitStatus);
        var error = Assert.Single(report.Errors, error => error.File?.EndsWith(pack.Name, StringComparison.Ordinal) == true);
        Assert.Equal(code, error.Code);
        Assert.Equal($"data/{pack.Name[..2]}/{pack.Name}", error.File);
        Assert.Equal("local", error.Repository);
        Assert.Equal([new AffectedBackup(second.ShortId, second.Timestamp, "journal")], error.Backups);
        Assert.All(report.Errors, each => Assert.Equal("local", each.Repository));

        // The first backup alone is sound, and so is the other repository.
        Assert.Empty((await VerifyAsync(larder, new VerifyRequest { Level = VerifyLevel.Content, Backups = [first.ShortId] })).Errors);
        Assert.Empty((await VerifyAsync(larder, new VerifyRequest { Level = VerifyLevel.Content, Repository = "offsite" })).Errors);
        var run = larder.Context().Catalog!.Runs(new RunFilter { Kind = RunKind.Verify, Status = RunStatus.Failed }).Runs[0];
        Assert.Equal((int)ExitStatus.Damage, run.ExitStatus);
    }

    [Theory]
    [InlineData(FileKind.Snapshot)]
    [InlineData(FileKind.Index)]
    [InlineData(FileKind.Key)]
    public async Task Damage_of_a_small_file_is_found_by_structure(FileKind kind)
    {
        await using var larder = await ScratchLarder.CreateAsync();
        await larder.BackUpAsync();
        if (kind == FileKind.Key)
        {
            // A second key, so that the repository still opens.
            await new Engine.Maintenance.KeyCommands(larder.Context(), "local").AddAsync("other", CancellationToken.None);
        }
        var file = larder.StoredFiles("local", kind).OrderByDescending(file => file.LastWriteTimeUtc).First();
        await ScratchLarder.DamageAsync(file, bytes => Flip(bytes, bytes.Length / 2));

        var report = await VerifyAsync(larder, new VerifyRequest { Repository = "local" });
        Assert.Equal("failed", report.Status);
        Assert.NotEqual(ExitStatus.Done, report.ExitStatus);
        Assert.Contains(report.Errors, error => error.Message.Contains(file.Name[..8], StringComparison.Ordinal) || error.File?.EndsWith(file.Name, StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task A_repository_that_cannot_be_opened_is_never_green()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        await larder.BackUpAsync();
        Directory.Move(larder.PathOf("offsite"), larder.PathOf("elsewhere"));

        var report = await VerifyAsync(larder, new VerifyRequest());
        Assert.Equal("failed", report.Status);
        Assert.Equal(ExitStatus.NoRepository, report.ExitStatus);
        Assert.Equal("offsite", Assert.Single(report.Errors).Repository);
        Assert.Equal(["local"], report.Checked.Repositories);
    }

    [Fact]
    public async Task A_share_of_the_packs_is_read_and_the_shares_cover_all()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        await larder.BackUpAsync();
        var read = 0;
        for (var part = 1; part <= 3; part++)
        {
            read += (await VerifyAsync(larder, new VerifyRequest { Level = VerifyLevel.Data, Subset = new CheckSubset(part, 3), Repository = "local" })).Checked.PacksRead;
        }
        Assert.Equal(larder.StoredFiles("local", FileKind.Pack).Count, read);
    }

    [Fact]
    public async Task Content_finds_a_manifest_with_another_fingerprint_or_another_count()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var backup = await larder.BackUpAsync();
        var fingerprint = await larder.PlantAsync("local", backup, manifest => WithEntry(manifest, "db", entry => entry.Kind == "table", entry =>
            entry with { Fingerprint = entry.Fingerprint![..^1] + (entry.Fingerprint[^1] == '0' ? '1' : '0') }));
        var rows = await larder.PlantAsync("local", backup, manifest => WithEntry(manifest, "db", entry => entry.Kind == "table", entry =>
            entry with { Rows = 201, Fingerprint = null }));
        var bytes = await larder.PlantAsync("local", backup, manifest => WithEntry(manifest, "dump", _ => true, entry => entry with { Bytes = 14, Segments = [] }));

        Assert.Contains("other content", await OnlyMessageAsync(larder, fingerprint), StringComparison.Ordinal);
        Assert.Contains("has 200 rows, and the manifest recorded 201", await OnlyMessageAsync(larder, rows), StringComparison.Ordinal);
        Assert.Contains("has 13 bytes", await OnlyMessageAsync(larder, bytes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Content_finds_a_database_that_lost_rows()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var backup = await larder.BackUpAsync();
        larder.Execute("DELETE FROM entries WHERE id = 7");
        var database = await File.ReadAllBytesAsync(larder.Database);
        var planted = await larder.PlantAsync("local", backup, manifest => manifest, async (intake, source, tree) => source == "db"
            ? new Tree([tree.Nodes[0] with { Content = await ScratchLarder.StoreAsync(intake, database), SizeBytes = (ulong)database.Length }])
            : null);
        Assert.Contains("has 199 rows, and the manifest recorded 200", await OnlyMessageAsync(larder, planted), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Content_finds_a_database_that_is_none()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var backup = await larder.BackUpAsync();
        var length = (int)new FileInfo(larder.Database).Length;
        var planted = await larder.PlantAsync("local", backup, manifest => manifest, async (intake, source, tree) => source == "db"
            ? new Tree([tree.Nodes[0] with { Content = await ScratchLarder.StoreAsync(intake, new byte[length]), SizeBytes = (ulong)length }])
            : null);
        var report = await VerifyAsync(larder, Content(planted));
        Assert.Equal(ExitStatus.Damage, report.ExitStatus);
        Assert.All(report.Errors, error => Assert.Equal("db/journal.db", error.File));
    }

    [Fact]
    public async Task Content_finds_a_truncated_file_and_a_missing_one()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var backup = await larder.BackUpAsync();
        var truncated = await larder.PlantAsync("local", backup, manifest => manifest, (_, source, tree) => Task.FromResult(source == "dump"
            ? new Tree([tree.Nodes[0] with { Content = [] }])
            : null));
        var missing = await larder.PlantAsync("local", backup, manifest => manifest, (_, source, tree) => Task.FromResult(source == "dump"
            ? new Tree([])
            : null));

        Assert.Contains("has 0 bytes, and its folder lists 13", await OnlyMessageAsync(larder, truncated), StringComparison.Ordinal);
        var report = await VerifyAsync(larder, Content(missing));
        Assert.Contains(report.Errors, error => error.Message.Contains("its file \"dump/dump.txt\" is not in the backup", StringComparison.Ordinal));
        Assert.Contains(report.Errors, error => error.Message.Contains("has 0 files, and the manifest recorded 1", StringComparison.Ordinal));
        Assert.All(report.Errors, error => Assert.Equal(missing[..8], Assert.Single(error.Backups).ShortId));

        // No checksum is wrong: the level below sees nothing.
        Assert.Empty((await VerifyAsync(larder, new VerifyRequest { Level = VerifyLevel.Data, Repository = "local" })).Errors);
    }

    [Fact]
    public async Task What_is_doubtful_is_a_hint()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        for (var i = 0; i < 3; i++)
        {
            await larder.BackUpAsync();
        }
        larder.Execute("DELETE FROM entries");
        File.Delete(Directory.GetFiles(larder.Files, "*.bin")[0]);
        await larder.BackUpAsync(acceptEmpty: true);
        larder.Clock.Now -= TimeSpan.FromDays(2);

        var report = await VerifyAsync(larder, new VerifyRequest { Level = VerifyLevel.Content, Repository = "local" });
        Assert.Empty(report.Errors);
        Assert.Contains(report.Hints, hint => hint.Contains("the median of the 3 before it", StringComparison.Ordinal));
        Assert.Contains(report.Hints, hint => hint.Contains("has no rows", StringComparison.Ordinal) && hint.Contains("had 200", StringComparison.Ordinal));
        Assert.Contains(report.Hints, hint => hint.Contains("in the future", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_backup_that_vanished_is_missed_and_one_that_Larder_removed_is_not()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var removed = await larder.BackUpAsync();
        var vanished = await larder.BackUpAsync();
        await larder.BackUpAsync();
        await new RemoveRun(larder.Context(), new RemoveRequest { Backups = [removed.BackupId] }, new RunProgress()).ExecuteAsync(CancellationToken.None);
        foreach (var place in vanished.Places)
        {
            File.Delete(Path.Combine(larder.PathOf(place.Repository), "snapshots", place.SnapshotId.ToString()));
        }

        var report = await VerifyAsync(larder, new VerifyRequest());
        Assert.Empty(report.Errors);
        var hint = Assert.Single(report.Hints, hint => hint.Contains("is gone", StringComparison.Ordinal));
        Assert.Contains(vanished.ShortId, hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_is_verified_by_its_name_and_the_report_is_kept()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var older = await larder.BackUpAsync();
        var newer = await larder.BackUpAsync();
        larder.JobName = "other";
        await larder.BackUpAsync();
        larder.JobName = "journal";

        var report = await VerifyAsync(larder, new VerifyRequest { Level = VerifyLevel.Content, Jobs = ["journal"] });
        Assert.Empty(report.Errors);
        Assert.Equal(4, report.Checked.Backups); // Two, in two repositories; the other job's is not looked at.
        Assert.Equal(2, report.Checked.Contents); // The newest, in two repositories.
        var state = larder.Configuration().StateDirectory;
        Assert.Equal(VerifyText.Write(report), await File.ReadAllTextAsync(Path.Combine(state, ReportFile.DefaultName)));
        var record = Assert.Single(VerificationRecords.Read(state, "journal"));
        Assert.Equal(("content", "success", "all", report.RunId), (record.Level, record.Status, record.Scope, record.RunId));
        Assert.Empty(VerificationRecords.Read(state, "other"));

        await VerifyAsync(larder, new VerifyRequest { Level = VerifyLevel.Structure, Backups = [older.ShortId] });
        Assert.Single(VerificationRecords.Read(state, "journal")); // That an old backup is sound says nothing of the job.
        await VerifyAsync(larder, new VerifyRequest { Level = VerifyLevel.Structure, Backups = [older.ShortId, newer.ShortId] });
        Assert.Equal(["structure", "content"], VerificationRecords.Read(state, "journal").Select(one => one.Level));
        Assert.Equal(VerifyText.Write(report), await File.ReadAllTextAsync(Path.Combine(state, ReportFile.DefaultName)));

        var unknown = await Assert.ThrowsAsync<LarderException>(() => VerifyAsync(larder, new VerifyRequest { Jobs = ["nothing"] }));
        Assert.Equal(EngineError.UnknownBackup, unknown.Error);
    }

    [Fact]
    public async Task A_report_goes_whole_into_a_file_or_a_folder_and_replaces_the_one_before()
    {
        await using var folder = new TemporaryFolder();
        Assert.Equal(folder["validation-report.txt"], ReportFile.Write(folder.FullPath, "one"));
        Assert.Equal(folder["validation-report.txt"], ReportFile.Write(folder.FullPath, "two"));
        Assert.Equal(folder["mine.txt"], ReportFile.Write(folder["mine.txt"], "three"));
        Assert.Equal("two", await File.ReadAllTextAsync(folder["validation-report.txt"]));
        Assert.Equal(2, Directory.GetFiles(folder.FullPath).Length);
    }

    [Fact]
    public async Task The_report_is_one_JSON_object_and_a_page_of_text()
    {
        await using var larder = await ScratchLarder.CreateAsync();
        var backup = await larder.BackUpAsync();
        larder.StoredFiles("local", FileKind.Pack)[0].Delete();
        var report = await VerifyAsync(larder, new VerifyRequest());

        using var json = JsonDocument.Parse(report.ToJson());
        Assert.Equal("failed", json.RootElement.GetProperty("status").GetString());
        Assert.Equal(2, json.RootElement.GetProperty("checked").GetProperty("backups").GetInt32());
        var error = json.RootElement.GetProperty("errors")[0];
        Assert.Equal("LARDER-050", error.GetProperty("code").GetString());
        Assert.Equal(backup.ShortId, error.GetProperty("backups")[0].GetProperty("short_id").GetString());
        Assert.False(error.TryGetProperty("exit_status", out _));

        var text = VerifyText.Write(report);
        Assert.Contains("  Status          FAILED\n", text, StringComparison.Ordinal);
        Assert.Contains($"backups     {backup.ShortId} (journal, {backup.Timestamp})\n", text, StringComparison.Ordinal);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
    }

    private static Task<VerifyReport> VerifyAsync(ScratchLarder larder, VerifyRequest request) =>
        new VerifyRun(larder.Context(), request, new RunProgress()).ExecuteAsync(CancellationToken.None);

    private static VerifyRequest Content(string backup) => new() { Level = VerifyLevel.Content, Backups = [backup], Repository = "local" };

    private static async Task<string> OnlyMessageAsync(ScratchLarder larder, string backup)
    {
        var report = await VerifyAsync(larder, Content(backup));
        Assert.Equal(ExitStatus.Damage, report.ExitStatus);
        var error = Assert.Single(report.Errors);
        Assert.Equal(backup[..8], Assert.Single(error.Backups).ShortId);
        return error.Message;
    }

    private static Manifest WithEntry(Manifest manifest, string source, Func<ManifestEntry, bool> which, Func<ManifestEntry, ManifestEntry> change) => manifest with
    {
        Sources = [.. manifest.Sources.Select(each => each.Name == source
            ? each with { Entries = [.. each.Entries.Select(entry => which(entry) ? change(entry) : entry)] }
            : each)],
    };

    private static byte[] Flip(byte[] bytes, int at)
    {
        bytes[at] ^= 1;
        return bytes;
    }
}
