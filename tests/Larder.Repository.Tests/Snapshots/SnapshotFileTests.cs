using System.Text;
using System.Text.Json.Nodes;
using Larder.Repository.Snapshots;
using Larder.Repository.Tests.Index;

namespace Larder.Repository.Tests.Snapshots;

public sealed class SnapshotFileTests
{
    private const string Id = "aa00000000000000000000000000000000000000000000000000000000000001";

    private static readonly Snapshot Full = new()
    {
        Time = new DateTimeOffset(2026, 8, 1, 12, 30, 0, TimeSpan.FromHours(5.5)).AddTicks(1_234_567),
        Parent = new SnapshotId(Hash256.Parse(Id)),
        Tree = new BlobId(Hash256.Of([1])),
        Paths = ["/srv/<data>", "/é"],
        Hostname = "host",
        Username = "user",
        Uid = 1000,
        Gid = 1001,
        Excludes = ["*.tmp"],
        Tags = ["a", "b"],
        Original = new SnapshotId(Hash256.Of([2])),
        ProgramVersion = "larder 0.1.0",
        Summary = new SnapshotSummary
        {
            BackupStart = new DateTimeOffset(2026, 8, 1, 7, 0, 0, TimeSpan.Zero),
            BackupEnd = new DateTimeOffset(2026, 8, 1, 7, 0, 1, TimeSpan.Zero),
            FilesNew = 1,
            FilesChanged = 2,
            FilesUnmodified = 3,
            DirsNew = 4,
            DirsChanged = 5,
            DirsUnmodified = 6,
            DataBlobs = 7,
            TreeBlobs = 8,
            DataAdded = 9,
            DataAddedPacked = 10,
            TotalFilesProcessed = 11,
            TotalBytesProcessed = ulong.MaxValue,
        },
    };

    [Fact]
    public void A_full_snapshot_comes_back() => AssertSame(Full, SnapshotFile.Decode(SnapshotFile.Encode(Full)));

    [Fact]
    public void The_bytes_are_those_that_restic_writes()
    {
        var snapshot = new Snapshot { Time = new DateTimeOffset(2026, 8, 1, 12, 0, 0, TimeSpan.FromHours(-1)), Tree = Full.Parent!.Value is var id ? new BlobId(id.Hash) : default, Paths = ["/<a>"] };

        Assert.Equal("{\"time\":\"2026-08-01T12:00:00-01:00\",\"tree\":\"" + Id + "\",\"paths\":[\"/\\u003ca\\u003e\"]}",
            Encoding.UTF8.GetString(SnapshotFile.Encode(snapshot)));
        Assert.StartsWith("{\"time\":\"2026-08-01T12:30:00.1234567+05:30\",\"parent\":\"" + Id + "\",\"tree\":", Encoding.UTF8.GetString(SnapshotFile.Encode(Full)));
    }

    [Fact]
    public void Nine_digits_and_offsets_that_dotnet_cannot_hold_are_read()
    {
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(1_234_567), Decode("2026-01-01T00:00:00.123456789Z").Time);
        Assert.Equal(new DateTimeOffset(2025, 12, 31, 1, 0, 0, TimeSpan.Zero), Decode("2026-01-01T00:00:00+23:00").Time);
        Assert.Equal(DateTimeOffset.MinValue, Decode("0000-01-01T00:00:00+05:00").Time);

        static Snapshot Decode(string time) => SnapshotFile.Decode(Json($"{{\"time\":\"{time}\",\"tree\":\"{Id}\",\"paths\":[]}}"));
    }

    [Fact]
    public void A_summary_that_cannot_be_read_does_not_make_the_snapshot_unreadable() =>
        Assert.Null(SnapshotFile.Decode(Json("{\"time\":\"2026-01-01T00:00:00Z\",\"tree\":\"" + Id + "\",\"paths\":[],\"summary\":{\"files_new\":1.5}}")).Summary);

    [Fact]
    public void Rewriting_keeps_fields_that_are_not_ours()
    {
        var json = "{\"time\":\"2026-01-01T00:00:00.123456789+05:00\",\"later\":{\"x\":[1.50,\"\\u00e9\"]},\"tree\":\"" + Id + "\",\"paths\":[\"/a\"],\"tags\":[\"t\"]}";

        var rewritten = SnapshotFile.Rewrite(Json(json), fields => fields["tags"] = new JsonArray("t", "pinned"));

        Assert.Equal(json.Replace("[\"t\"]", "[\"t\",\"pinned\"]", StringComparison.Ordinal).Replace("\\u00e9", "é", StringComparison.Ordinal),
            Encoding.UTF8.GetString(rewritten));
    }

    [Fact]
    public void Rewriting_does_not_make_a_snapshot_that_cannot_be_read() =>
        Assert.Equal(RepositoryError.Damaged,
            Assert.Throws<RepositoryException>(() => SnapshotFile.Rewrite(SnapshotFile.Encode(Full), fields => fields.Remove("tree"))).Error);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"time\":\"2026-01-01T00:00:00Z\",\"tree\":\"" + Id + "\"}")]
    [InlineData("{\"time\":\"2026-01-01T00:00:00Z\",\"paths\":[]}")]
    [InlineData("{\"time\":\"now\",\"tree\":\"" + Id + "\",\"paths\":[]}")]
    [InlineData("{\"time\":\"2026-01-01T00:00:00Z\",\"tree\":\"aa\",\"paths\":[]}")]
    [InlineData("{\"time\":\"2026-01-01T00:00:00Z\",\"tree\":\"" + Id + "\",\"paths\":[1]}")]
    [InlineData("{\"time\":\"2026-01-01T00:00:00Z\",\"tree\":\"" + Id + "\",\"paths\":[\"\\ud800\"]}")]
    [InlineData("{\"time\":\"2026-01-01T00:00:00Z\",\"tree\":\"" + Id + "\",\"paths\":[],\"uid\":-1}")]
    public void Nonsense_is_damage(string json) =>
        Assert.Equal(RepositoryError.Damaged, Assert.Throws<RepositoryException>(() => SnapshotFile.Decode(Json(json))).Error);

    [Fact]
    public void Damaged_bytes_are_read_or_refused_and_nothing_else()
    {
        var sound = SnapshotFile.Encode(Full);
        Fuzz.Check(sound, json => SnapshotFile.Decode(json));
        Fuzz.Check(sound, json => SnapshotFile.Rewrite(json, fields => fields["tags"] = new JsonArray("pinned")));
    }

    private static byte[] Json(string text) => Encoding.UTF8.GetBytes(text);

    private static void AssertSame(Snapshot expected, Snapshot actual)
    {
        Assert.Equal(expected with { Paths = [], Excludes = [], Tags = [] }, actual with { Paths = [], Excludes = [], Tags = [] });
        Assert.Equal(expected.Time.Offset, actual.Time.Offset);
        Assert.Equal(expected.Paths, actual.Paths);
        Assert.Equal(expected.Excludes, actual.Excludes);
        Assert.Equal(expected.Tags, actual.Tags);
    }
}
