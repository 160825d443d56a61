using FsCheck;
using FsCheck.Fluent;
using Larder.Engine.Configuration;

namespace Larder.Engine.Tests.Configuration;

public sealed class TextParsersTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("17", 17)]
    [InlineData("17 B", 17)]
    [InlineData("64 KiB", 65536)]
    [InlineData("1MiB", 1048576)]
    [InlineData("1.5 GiB", 1610612736)]
    [InlineData("2k", 2048)]
    [InlineData("2 MB", 2000000)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Sizes_are_read(string text, long expected)
    {
        Assert.True(ByteSize.TryParse(text, out var bytes));
        Assert.Equal(expected, bytes);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("KiB")]
    [InlineData("-1")]
    [InlineData("1.")]
    [InlineData(".5 MiB")]
    [InlineData("1.2.3")]
    [InlineData("1 PiBB")]
    [InlineData("9223372036854775808")]
    [InlineData("8388608 TiB")]
    [InlineData("99999999999999999999999999999999999999 TiB")]
    public void What_is_no_size_is_refused(string? text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1610612736, "1.5 GiB")]
    [InlineData(1048575, "1 MiB")]
    [InlineData(long.MaxValue, "8388608 TiB")]
    public void Sizes_are_written_for_people(long bytes, string expected) => Assert.Equal(expected, ByteSize.Format(bytes));

    [Fact]
    public void A_size_for_people_is_within_a_twentieth() =>
        Prop.ForAll(ArbMap.Default.ArbFor<long>().Filter(bytes => bytes is >= 0 and < long.MaxValue / 2), bytes =>
            ByteSize.TryParse(ByteSize.Format(bytes), out var read) && Math.Abs(read - bytes) <= bytes / 20).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("7d", 7 * 86400)]
    [InlineData("36h", 36 * 3600)]
    [InlineData("5m", 300)]
    [InlineData("1h30m", 5400)]
    [InlineData("1h 30m", 5400)]
    [InlineData("2w1s", (14 * 86400) + 1)]
    [InlineData("0s", 0)]
    public void Durations_are_read(string text, long seconds)
    {
        Assert.True(DurationText.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("d")]
    [InlineData("-7d")]
    [InlineData("1m1h")]
    [InlineData("1h1h")]
    [InlineData("1.5h")]
    [InlineData("7 d")]
    [InlineData("7 days")]
    [InlineData("99999999999d")]
    [InlineData("999999999999999999999999d")]
    public void What_is_no_duration_is_refused(string? text) => Assert.False(DurationText.TryParse(text, out _));

    [Fact]
    public void A_duration_is_read_back_as_itself() =>
        Prop.ForAll(ArbMap.Default.ArbFor<long>(), number =>
        {
            var duration = TimeSpan.FromMilliseconds(Math.Abs(number % 100_000_000_000_000));
            return DurationText.TryParse(DurationText.Format(duration), out var read) && read == duration;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("0 2 * * *", 1UL, 4UL, 0xFFFFFFFEUL, 0x1FFEUL, 0x7FUL, true)]
    [InlineData("*/15 9-17/4 1,15 jan-mar MON-fri", 0x200040008001UL, 0x22200UL, 0x8002UL, 0xEUL, 0x3EUL, false)]
    [InlineData("@weekly", 1UL, 1UL, 0xFFFFFFFEUL, 0x1FFEUL, 1UL, true)]
    [InlineData("0 0 29 2 *", 1UL, 1UL, 1UL << 29, 4UL, 0x7FUL, true)]
    [InlineData("5/20 0 1 1 7", (1UL << 5) | (1UL << 25) | (1UL << 45), 1UL, 2UL, 2UL, 1UL, false)]
    [InlineData("0 0 31 2 0", 1UL, 1UL, 1UL << 31, 4UL, 1UL, false)]
    public void Cron_expressions_are_read(string text, ulong minutes, ulong hours, ulong days, ulong months, ulong weekdays, bool both)
    {
        Assert.True(CronExpression.TryParse(text, out var cron, out _));
        Assert.Equal(
            (minutes, hours, days, months, weekdays, both),
            (cron!.Minutes, cron.Hours, cron.DaysOfMonth, cron.Months, cron.DaysOfWeek, cron.DayMustFitBoth));
    }

    [Theory]
    [InlineData("", "0 fields")]
    [InlineData("0 2 * *", "4 fields")]
    [InlineData("0 0 2 * * *", "6 fields")]
    [InlineData("60 * * * *", "minute")]
    [InlineData("* 24 * * *", "hour")]
    [InlineData("* * 0 * *", "day of month")]
    [InlineData("* * * 13 *", "month")]
    [InlineData("* * * * 8", "day of week")]
    [InlineData("5-1 * * * *", "minute")]
    [InlineData("*/0 * * * *", "minute")]
    [InlineData("1,,2 * * * *", "minute")]
    [InlineData("-1 * * * *", "minute")]
    [InlineData("* * * mon *", "month")]
    [InlineData("@fortnightly", "nickname")]
    [InlineData("0 0 30 2 *", "none of its months")]
    public void A_wrong_cron_expression_says_which_field(string text, string complaint)
    {
        Assert.False(CronExpression.TryParse(text, out _, out var said));
        Assert.Contains(complaint, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("A=1\n# c\n\nexport B = two # c\nC='a # $X \\n'\nD=\"x\\ty\\\"\\\\\\$\\q\"\nE=a#b\nF=\nG='1\n2'\r\nH=3",
        "A=1|B=two|C=a # $X \\n|D=x\ty\"\\$\\q|E=a#b|F=|G=1\n2|H=3")]
    [InlineData("A=1\nA=2", "A=2")]
    [InlineData("export=1", "export=1")]
    public void A_file_of_variables_is_read(string text, string expected)
    {
        var problems = new List<ConfigurationProblem>();
        var variables = DotEnv.Parse(text, ".env", problems);
        Assert.Empty(problems);
        Assert.Equal(expected, string.Join('|', variables.Select(pair => $"{pair.Key}={pair.Value}")));
    }

    [Fact]
    public void A_bad_line_of_variables_is_reported_and_the_others_are_read()
    {
        var problems = new List<ConfigurationProblem>();
        var variables = DotEnv.Parse("A=1\nnonsense\n1B=2\nC='secret\nD=\"x\" y\nE=5", ".env", problems);

        Assert.Equal(["A", "E"], variables.Keys);
        Assert.Equal([2, 3, 4, 5], problems.Select(problem => problem.Line));
        Assert.DoesNotContain("secret", string.Join('\n', problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("repositores", "repositories")]
    [InlineData("dialy", "daily")]
    [InlineData("passwort", "password")]
    [InlineData("zebra", null)]
    [InlineData("x", null)]
    public void The_nearest_word_is_found_where_one_is_near(string word, string? expected) =>
        Assert.Equal(expected, NearestWord.Find(word, ["repositories", "jobs", "daily", "weekly", "password"]));
}
