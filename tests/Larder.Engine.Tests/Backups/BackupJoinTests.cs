using System.Text.Json;
using Larder.Engine.Backups;
using Larder.Engine.Retention;

namespace Larder.Engine.Tests.Backups;

public sealed class BackupJoinTests
{
    [Fact]
    public void Copies_in_several_repositories_are_one_backup_named_by_its_first_id()
    {
        var backup = Assert.Single(Join(
            Samples.Copy("offsite", "second", original: "first", Samples.Manifest()),
            Samples.Copy("local", "first", manifest: Samples.Manifest())));

        Assert.Equal(Samples.Id("first").ToString(), backup.BackupId);
        Assert.Equal(["offsite", "local"], backup.Repositories);
        Assert.Equal(77, backup.AddedBytes);
        Assert.Equal(backup.BackupId[..8], backup.ShortId);
    }

    [Fact]
    public void A_rewritten_snapshot_is_the_same_backup_even_while_the_old_one_is_still_there()
    {
        var backup = Assert.Single(Join(
            Samples.Copy("local", "first", manifest: Samples.Manifest()),
            Samples.Copy("local", "rewritten", original: "first", Samples.Manifest(), BackupTags.Pinned)));

        Assert.True(backup.Pinned);
        Assert.Equal(["local"], backup.Repositories);
        Assert.Equal(2, backup.Places.Count);
    }

    [Fact]
    public void Snapshots_that_are_not_Larders_are_passed_over()
    {
        var foreign = Samples.Copy("local", "x") with { Snapshot = Samples.Copy("local", "x").Snapshot with { Tags = ["job:journal"] } };

        Assert.Empty(Join(foreign));
    }

    [Fact]
    public void Without_a_manifest_it_is_listed_with_what_the_snapshot_says_and_a_warning()
    {
        var backup = Assert.Single(Join(
            Samples.Copy("local", "first", extraTags: [BackupTags.Partial, "mine"]) with { ManifestProblem = "The manifest is not valid." }));

        Assert.Equal(("journal", "20240708_143022", BackupStatus.Partial), (backup.Job, backup.Timestamp, backup.Status));
        Assert.Equal(["mine"], backup.Tags);
        Assert.Equal((1300, 3.0), (backup.SizeBytes, backup.DurationSeconds));
        Assert.Equal(new ManifestWarning("manifest.json", "The manifest is not valid."), Assert.Single(backup.Warnings));
    }

    [Fact]
    public void Warnings_tell_source_and_path_and_which_repository_was_not_written()
    {
        var manifest = Samples.Manifest(BackupStatus.Partial) with { Repositories = [new("local"), new("offsite", "The storage is full.")] };

        var backup = Assert.Single(Join(Samples.Copy("local", "first", manifest: manifest)));

        Assert.Equal(BackupStatus.Partial, backup.Status);
        Assert.Equal(
            [new("code/srv/cache", "It was gone when its turn came."), new("", "Not written to repository \"offsite\": The storage is full.")],
            backup.Warnings);
    }

    [Fact]
    public void Retention_is_told_what_it_needs()
    {
        var backup = Assert.Single(Join(Samples.Copy("local", "first", null, Samples.Manifest(BackupStatus.Partial), BackupTags.Pinned)));

        Assert.Equal(
            new RetentionCandidate { BackupId = backup.BackupId, Job = "journal", CreatedAt = Samples.Moment, IsGood = false, IsPinned = true },
            backup.ToCandidate());
    }

    [Fact]
    public void The_JSON_has_exactly_the_promised_keys_in_their_order()
    {
        var backup = Join(Samples.Copy("local", "first", manifest: Samples.Manifest()))[0] with { Category = BackupCategory.Weekly };

        using var json = JsonDocument.Parse(BackupJson.Write(backup));

        Assert.Equal(
            ["backup_id", "short_id", "timestamp", "created_at", "job", "status", "category", "description", "tags", "created_by", "sources",
             "size_bytes", "added_bytes", "duration_seconds", "git_commit", "git_branch", "repositories", "pinned", "drill"],
            json.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.Equal(
            ["name", "engine", "database_name", "database_host", "entries", "rows"],
            json.RootElement.GetProperty("sources")[0].EnumerateObject().Select(property => property.Name));
        Assert.Equal("weekly", json.RootElement.GetProperty("category").GetString());
        Assert.Equal("success", json.RootElement.GetProperty("status").GetString());
        Assert.Equal("2024-07-08T14:30:22+02:00", json.RootElement.GetProperty("created_at").GetString());
        Assert.Equal((2, 12), Figures(json.RootElement.GetProperty("sources")[0]));
        Assert.Equal((17, null), Figures(json.RootElement.GetProperty("sources")[1]));
    }

    [Fact]
    public void The_JSON_has_warnings_where_there_are_some_and_nulls_where_nothing_is_known()
    {
        var backups = Join(Samples.Copy("local", "first") with { ManifestProblem = "The manifest is not valid." });

        using var json = JsonDocument.Parse(BackupJson.Write(backups));

        var one = json.RootElement[0];
        Assert.Equal("The manifest is not valid.", one.GetProperty("warnings")[0].GetProperty("reason").GetString());
        Assert.Equal(JsonValueKind.Null, one.GetProperty("category").ValueKind);
        Assert.Equal(JsonValueKind.Null, one.GetProperty("git_commit").ValueKind);
        Assert.Equal("[]", BackupJson.Write([]));
    }

    [Theory]
    [InlineData("larder", true)]
    [InlineData("pinned", true)]
    [InlineData("partial", true)]
    [InlineData("job:x", true)]
    [InlineData("drill:success", true)]
    [InlineData("pre-deploy", false)]
    public void Tags_that_mean_something_to_Larder_are_not_for_users(string tag, bool reserved) => Assert.Equal(reserved, BackupTags.IsReserved(tag));

    [Fact]
    public void The_tags_of_a_snapshot_are_listed_once_each() => Assert.Equal(
        ["larder", "job:journal", "partial", "pinned", "x"],
        BackupTags.Of("journal", BackupStatus.Partial, pinned: true, ["x", "x"]));

    private static (int Entries, int? Rows) Figures(JsonElement source) => (
        source.GetProperty("entries").GetInt32(),
        source.GetProperty("rows") is { ValueKind: JsonValueKind.Number } rows ? rows.GetInt32() : null);

    private static IReadOnlyList<Backup> Join(params BackupCopy[] copies) => BackupJoin.Join(copies, _ => Samples.Berlin);
}
