using System.Text;
using System.Text.Json;
using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Cleanup;
using Larder.Engine.Configuration;
using Larder.Engine.Drills;
using Larder.Engine.Errors;
using Larder.Engine.Retention;
using Larder.Repository.Snapshots;
using Larder.Testing;

namespace Larder.Engine.Tests.Drills;

/// <summary>Drills of what needs no server: a SQLite database, files, and a command's output.</summary>
public sealed class DrillRunTests : IAsyncDisposable
{
    private readonly TemporaryFolder place = new();
    private ScratchLarder larder = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_good_backup_passes_and_the_verdict_survives_the_catalog()
    {
        larder = await ScratchLarder.CreateAsync();
        var backup = await MakeAsync(
            new DrillAssertion("db", DrillAssertionKind.Sql, "select count(*) = 200 from entries"),
            new DrillAssertion("code", DrillAssertionKind.Shell, $"grep -q readme \"$LARDER_DRILL_PATH{larder.Files}/readme.txt\""),
            new DrillAssertion("dump", DrillAssertionKind.Shell, "grep -q world \"$LARDER_DRILL_PATH\""));

        var said = await DrillAsync();

        var report = Assert.Single(said.Drills).Report;
        Assert.True(report.Errors.Count == 0, said.ToJson());
        Assert.Equal(("success", ExitStatus.Done, backup.BackupId), (report.Status, said.ExitStatus, report.BackupId));
        Assert.Equal(200, report.Entries.Single(entry => entry.Entry == "entries").Rows);
        Assert.Equal(3, report.Entries.Single(entry => entry.Kind == "files").Rows);
        Assert.All(report.Entries, entry => Assert.True(entry.Match));
        Assert.Equal(3, report.Assertions.Count(assertion => assertion.Passed));
        Assert.Equal(["local", "offsite"], said.Drills[0].Tagged);
        Assert.Equal(
            Math.Round(report.Steps.Where(step => step.Step is "restore" or "compare").Sum(step => step.Seconds), 3), report.RtoSeconds);
        AssertNothingLeft();

        File.Delete(larder.Catalog);
        var listed = Assert.Single(await larder.ListAsync());
        Assert.Equal((backup.BackupId, DrillVerdict.Success), (listed.BackupId, listed.Drill));
    }

    [Fact]
    public async Task The_run_is_in_the_catalog_with_its_backup_and_how_it_ended()
    {
        var backup = await MakeAsync(new DrillAssertion("db", DrillAssertionKind.Sql, "select 0"));
        using var catalog = CatalogDatabase.Open(larder.Catalog, larder.Clock, _ => { });

        await DrillAsync();

        var run = Assert.Single(catalog.Runs(new RunFilter { Kind = RunKind.Drill }).Runs);
        Assert.Equal((RunStatus.Failed, backup.BackupId, "LARDER-016", 5), (run.Status, run.BackupId, run.ErrorCode, run.ExitStatus));
    }

    [Theory]
    [InlineData("select count(*) = 200 from entries", null)]
    [InlineData("select 1", null)]
    [InlineData("select 0", "it answered 0")]
    [InlineData("select null", "it answered NULL")]
    [InlineData("select 'yes'", "it answered yes")]
    [InlineData("select 1 where 0", "it answered no row")]
    [InlineData("select 1, 1", "it answered more than one column")]
    [InlineData("select id from entries", "it answered more than one row")]
    [InlineData("select * from nowhere", "The question cannot be answered: no such table: nowhere")]
    public async Task A_question_is_true_when_it_answers_one_value_that_is_neither_zero_nor_null(string sql, string? message)
    {
        await MakeAsync(new DrillAssertion("db", DrillAssertionKind.Sql, sql));

        var said = await DrillAsync(only: "db");

        Assert.Equal(message, Assert.Single(said.Assertions).Message);
        Assert.Equal(message is null ? ExitStatus.Done : ExitStatus.Damage, said.ExitStatus);
    }

    [Fact]
    public async Task A_lost_row_a_changed_row_and_a_table_more_are_named()
    {
        var backup = await MakeAsync();
        var planted = await larder.PlantAsync("local", backup, manifest => manifest with
        {
            Sources = [.. manifest.Sources.Select(source => source with
            {
                Entries = [.. source.Entries.Where(entry => entry.Name != "sqlite_schema").Select(entry => entry.Name == "entries"
                    ? entry with { Rows = 201, Fingerprint = "201" + entry.Fingerprint![3..] }
                    : entry)],
            })],
        });

        var said = await DrillAsync(planted);

        Assert.Equal(ExitStatus.Damage, said.ExitStatus);
        var message = Assert.Single(said.Drills[0].Report.Errors).Message;
        Assert.Contains("the table \"entries\" has 200 rows, and the manifest recorded 201", message, StringComparison.Ordinal);
        Assert.Contains("the schema \"sqlite_schema\" is not recorded in the manifest", message, StringComparison.Ordinal);
        Assert.Equal(DrillVerdict.Failed, (await larder.ListAsync()).Single(each => each.BackupId == planted).Drill);
        AssertNothingLeft();
    }

    [Fact]
    public async Task A_file_that_is_not_what_was_stored_under_its_name_is_named()
    {
        var backup = await MakeAsync();
        var planted = await larder.PlantAsync("local", backup, manifest => manifest, async (intake, source, tree) => source != "dump" ? null
            : new Tree([.. tree.Nodes.Select(node => node with { SizeBytes = 99 })]));

        var said = await DrillAsync(planted);

        Assert.Equal(ExitStatus.Damage, said.ExitStatus);
        Assert.Contains("99 bytes", Assert.Single(said.Drills[0].Report.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_part_of_a_backup_proves_nothing_of_the_whole()
    {
        var backup = await MakeAsync(new DrillAssertion("code", DrillAssertionKind.Shell, "true"));

        var said = await DrillAsync(backup.ShortId, "db");

        Assert.Equal("success", said.Status);
        Assert.Empty(said.Drills[0].Tagged);
        Assert.Contains("\"code\"", Assert.Single(said.Drills[0].Report.Hints), StringComparison.Ordinal);
        Assert.Null(Assert.Single(await larder.ListAsync()).Drill);
    }

    [Fact]
    public async Task A_job_without_a_backup_could_not_be_drilled_which_is_no_pass()
    {
        larder = await ScratchLarder.CreateAsync();

        var said = await DrillAsync();

        Assert.Equal(("failed", ExitStatus.Failed), (said.Status, said.ExitStatus));
        Assert.Equal("LARDER-015", Assert.Single(said.Drills[0].Report.Errors).Code);
        Assert.Null(said.RtoSeconds);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_makes_the_drill_impossible_and_leaves_the_last_verdict()
    {
        await MakeAsync();
        await DrillAsync();
        larder.Drill = new DrillSettings { Folder = place["nowhere"] };

        var said = await DrillAsync();

        Assert.Equal(ExitStatus.Failed, said.ExitStatus);
        Assert.Contains("drill.folder", said.Drills[0].Report.Errors[0].Message, StringComparison.Ordinal);
        Assert.Equal(DrillVerdict.Success, Assert.Single(await larder.ListAsync()).Drill);
    }

    [Fact]
    public async Task What_a_machine_that_stopped_left_is_removed_and_what_a_living_drill_has_is_not()
    {
        await MakeAsync();
        // Kept to the end: with the last reference its pipe would be closed, which is what its keeper waits for.
        await using var living = await Larder.Sources.Throwaway.ThrowawayFolder.CreateAsync(place.FullPath, Token);
        var name = Path.GetFileName(living.FullPath);
        var parts = name.Split('_');
        var dead = place.Make($"{parts[0]}_{parts[1]}_{parts[2]}x_{parts[3]}");
        File.WriteAllText(Path.Combine(dead, "left"), "");
        var foreign = place.Make("larder-drill-somebody");

        await DrillAsync();

        Assert.False(Directory.Exists(dead));
        Assert.True(Directory.Exists(place[name]));
        Assert.True(Directory.Exists(foreign));
        Assert.Contains(larder.Warnings, warning => warning.Contains(dead, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Evidence_is_genuine_until_any_of_its_bytes_changes_or_another_key_checks_it()
    {
        await MakeAsync();
        var path = (await DrillAsync()).Drills[0].Evidence!;
        var state = larder.Configuration().StateDirectory;
        Assert.Equal("success", Evidence.Check(state, path).Status);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(state, "evidence.key")));

        var whole = await File.ReadAllBytesAsync(path, Token);
        using (var document = JsonDocument.Parse(whole))
        {
            Assert.Equal(64, document.RootElement.GetProperty("evidence").GetProperty("manifest_sha256").GetString()!.Length);
        }
        await SeededRandom.RunAsync(async random =>
        {
            for (var round = 0; round < 300; round++)
            {
                var changed = whole.ToArray();
                changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
                await WriteAsync(place["changed.json"], changed);
                Assert.Equal(EngineError.EvidenceNotGenuine, Assert.Throws<LarderException>(() => Evidence.Check(state, place["changed.json"])).Error);
            }
        });
        await WriteAsync(place["longer.json"], [.. whole, (byte)'\n']);
        Assert.Throws<LarderException>(() => Evidence.Check(state, place["longer.json"]));
        await WriteAsync(place["no.json"], Encoding.UTF8.GetBytes("{}"));
        Assert.Throws<LarderException>(() => Evidence.Check(state, place["no.json"]));

        File.Delete(Path.Combine(state, "evidence.key"));
        await DrillAsync();
        Assert.Contains("key", Assert.Throws<LarderException>(() => Evidence.Check(state, path)).Message, StringComparison.Ordinal);

        // As a drill leaves it that was killed between the two halves of its key.
        File.Delete(Path.Combine(state, "evidence.pub"));
        Assert.Equal("success", Evidence.Check(state, (await DrillAsync()).Drills[0].Evidence!).Status);
        await WriteAsync(Path.Combine(state, "evidence.pub"), Encoding.UTF8.GetBytes("no key"));
        Assert.Equal(EngineError.EvidenceNotGenuine, Assert.Throws<LarderException>(() => Evidence.Check(state, path)).Error);
    }

    [Fact]
    public async Task Cleanup_keeps_the_newest_backup_that_passed_a_drill()
    {
        var proven = await MakeAsync();
        await DrillAsync();
        await larder.BackUpAsync();
        await larder.BackUpAsync();
        larder.Keep = new KeepPolicy { Last = 1 };

        var plan = await CleanupPlan.ComputeAsync(larder.Context(), null, Token);

        var kept = plan.Repositories[0].Lines.Where(line => line.Keep).ToDictionary(line => line.BackupId, line => line.Why);
        Assert.Equal(2, kept.Count);
        Assert.Equal("last that passed a drill", kept[proven.BackupId]);
    }

    public async ValueTask DisposeAsync()
    {
        if (larder is not null)
        {
            await larder.DisposeAsync();
        }
        await place.DisposeAsync();
    }

    private async Task<Backup> MakeAsync(params DrillAssertion[] assertions)
    {
        larder ??= await ScratchLarder.CreateAsync();
        larder.Drill = new DrillSettings { Folder = place.FullPath, Assertions = assertions };
        return await larder.BackUpAsync();
    }

    private Task<DrillSummary> DrillAsync(string? name = null, params string[] only) =>
        new DrillRun(larder.Context(), new DrillRequest { Name = name, Only = only }, new RunProgress()).ExecuteAsync(Token);

    private void AssertNothingLeft() => Assert.Empty(Directory.GetDirectories(place.FullPath, "larder-drill-*"));

    private static async Task WriteAsync(string path, byte[] bytes)
    {
        await using var file = File.Create(path);
        await file.WriteAsync(bytes, Token);
    }
}
