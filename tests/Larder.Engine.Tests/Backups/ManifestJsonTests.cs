using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Larder.Engine.Backups;
using Larder.Engine.Errors;
using Larder.Testing;

namespace Larder.Engine.Tests.Backups;

public sealed class ManifestJsonTests
{
    [Fact]
    public void What_is_written_is_read_again()
    {
        var manifest = Samples.Manifest();

        var bytes = ManifestJson.Write(manifest);

        Assert.Equal(bytes, ManifestJson.Write(ManifestJson.Read(bytes)));
        Assert.Equal(manifest.CreatedAt, ManifestJson.Read(bytes).CreatedAt);
        Assert.Equal(TimeSpan.FromHours(2), ManifestJson.Read(bytes).CreatedAt.Offset);
        Assert.Equal("5:0000000000000000000000000000002a", ManifestJson.Read(bytes).Sources[0].Entries[0].Fingerprint);
    }

    [Fact]
    public Task It_is_the_golden_file_byte_for_byte() => GeneratedDocument.ExpectAsync(
        "tests/Larder.Engine.Tests/Backups/manifest.golden.json", Encoding.UTF8.GetString(ManifestJson.Write(Samples.Manifest())));

    [Fact]
    public void Fields_that_it_does_not_know_are_passed_over()
    {
        var json = Text().Replace("\"job\":", "\"added_by_a_later_version\": {\"x\": [1]},\n  \"job\":");

        Assert.Equal("journal", Read(json).Job);
    }

    [Fact]
    public void Lists_that_the_file_leaves_out_are_empty()
    {
        var manifest = Read(
            """
            {"format_version": 1, "job": "j", "run_id": "r", "timestamp": "20240708_143022", "created_at": "2024-07-08T14:30:22+02:00",
             "finished_at": "2024-07-08T14:30:22+02:00", "time_zone": "UTC", "status": "partial", "trigger": "manual", "larder_version": "0.1.0",
             "host": "h", "size_bytes": 0, "duration_seconds": 0,
             "sources": [{"name": "s", "engine": "files", "consistency": "per file", "duration_seconds": 0, "size_bytes": 0, "files": 0}]}
            """);

        Assert.Empty(manifest.Tags);
        Assert.Empty(manifest.Warnings);
        Assert.Empty(manifest.Repositories);
        Assert.Empty(manifest.Sources[0].Entries);
        Assert.Empty(manifest.Sources[0].Warnings);
        Assert.Empty(manifest.Sources[0].NotCaptured);
    }

    [Fact]
    public void What_was_not_captured_and_how_long_an_entry_took_is_read_again()
    {
        var manifest = Read(Text());

        Assert.Equal(
            new ManifestWarning("globals.sql", "Passwords of roles: the role may not read them."),
            Assert.Single(manifest.Sources[0].NotCaptured));
        Assert.Equal([0.25, null], manifest.Sources[0].Entries.Select(entry => entry.DurationSeconds));
    }

    [Fact]
    public void A_newer_format_is_refused_as_such_even_when_all_else_is_different()
    {
        var exception = Assert.Throws<LarderException>(() => Read("{\"format_version\": 2, \"work\": \"journal\"}"));

        Assert.Equal(EngineError.ManifestTooNew, exception.Error);
        Assert.Contains("format 2", exception.Message);
    }

    [Theory]
    [InlineData("\"job\": \"journal\"", "\"job\": null")]
    [InlineData("\"job\": \"journal\"", "\"job\": \"\"")]
    [InlineData("\"job\": \"journal\"", "\"job\": 7")]
    [InlineData("\"job\": \"journal\",", "")]
    [InlineData("\"job\": \"journal\"", "\"job\": \"journal\", \"job\": \"wiki\"")]
    [InlineData("\"status\": \"success\"", "\"status\": \"failed\"")]
    [InlineData("\"status\": \"success\"", "\"status\": 0")]
    [InlineData("\"timestamp\": \"20240708_143022\"", "\"timestamp\": \"20240732_143022\"")]
    [InlineData("\"created_at\": \"2024", "\"created_at\": \"yesterday")]
    [InlineData("\"format_version\": 1", "\"format_version\": 0")]
    [InlineData("\"format_version\": 1", "\"format_version\": \"one\"")]
    [InlineData("\"format_version\": 1,", "")]
    [InlineData("\"name\": \"code\"", "\"name\": \"db\"")]
    [InlineData("\"size_bytes\": 1234", "\"size_bytes\": -1234")]
    [InlineData("\"sources\": [", "\"sources\": [ null,")]
    [InlineData("\"entries\": [", "\"entries\": [ null,")]
    [InlineData("\"segments\": [", "\"segments\": [ null,")]
    [InlineData("\"tags\": [", "\"tags\": [ null,")]
    public void What_is_not_a_manifest_is_refused(string from, string to)
    {
        Assert.Contains(from, Text());

        var exception = Assert.Throws<LarderException>(() => Read(Text().Replace(from, to)));

        Assert.Equal(EngineError.ManifestInvalid, exception.Error);
        Assert.EndsWith(".", exception.Message);
    }

    [Fact]
    public void Bytes_cut_off_changed_or_made_up_are_refused_and_never_crash()
    {
        var whole = ManifestJson.Write(Samples.Manifest());
        Prop.ForAll(
            Gen.Choose(0, whole.Length - 2).ToArbitrary(),
            Gen.Choose(0, 255).ToArbitrary(),
            (at, value) =>
            {
                byte[] changed = [.. whole];
                changed[at] = (byte)value;
                ReadOrRefuse(changed);
                return ReadOrRefuse(whole[..at]) == null;
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
        Assert.Null(ReadOrRefuse([]));
        Assert.Null(ReadOrRefuse("null"u8.ToArray()));
        Assert.Null(ReadOrRefuse("[]"u8.ToArray()));
    }

    private static Manifest? ReadOrRefuse(byte[] bytes)
    {
        try
        {
            return ManifestJson.Read(bytes);
        }
        catch (LarderException)
        {
            return null;
        }
    }

    private static string Text() => Encoding.UTF8.GetString(ManifestJson.Write(Samples.Manifest()));

    private static Manifest Read(string json) => ManifestJson.Read(Encoding.UTF8.GetBytes(json));
}
