using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Larder.Repository.Snapshots;

namespace Larder.Repository.Tests.Snapshots;

public sealed class Rfc3339Tests
{
    // The first and the last second of the years 0 to 9999.
    private const long Earliest = -62_167_219_200;
    private const long Latest = 253_402_300_799;

    [Fact]
    public void Times_of_the_years_that_can_be_written_come_back_to_the_nanosecond() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var random = new Random(seed);
            var offsetMinutes = random.Next(-14 * 60, (14 * 60) + 1);
            var time = new UnixTime(random.NextInt64(Earliest + 60_000, Latest - 60_000), random.Next(1_000_000_000) / Power(random.Next(10)));
            return Rfc3339.TryParse(Encoding.ASCII.GetBytes(Format(time, offsetMinutes)), out var read, out var readOffset)
                && read == time && readOffset == offsetMinutes;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void The_calendar_is_that_of_NET_on_every_day_of_the_years_1_to_9999()
    {
        for (var day = DateTime.MinValue; day.Year < 9999; day = day.AddDays(1))
        {
            var time = UnixTime.From(new DateTimeOffset(day, TimeSpan.Zero));
            Assert.Equal(day.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null), Format(time));
        }
    }

    [Theory]
    [InlineData(0, 0, "1970-01-01T00:00:00Z")]
    [InlineData(-1, 999_999_995, "1969-12-31T23:59:59.999999995Z")]
    [InlineData(1_500_000_000, 100_000_000, "2017-07-14T02:40:00.1Z")]
    [InlineData(Earliest, 1, "0000-01-01T00:00:00.000000001Z")]
    [InlineData(Latest, 999_999_999, "9999-12-31T23:59:59.999999999Z")]
    [InlineData(Earliest - 1, 0, "0000-12-31T23:59:59Z")] // restic moves the year and keeps the day.
    [InlineData(Latest + 1, 0, "9999-01-01T00:00:00Z")]
    [InlineData(253_402_300_800 + (59 * 86_400), 0, "9999-03-01T00:00:00Z")] // 29 February 10000.
    public void Times_are_written_as_Go_writes_them(long seconds, int nanoseconds, string text) =>
        Assert.Equal(text, Format(new UnixTime(seconds, nanoseconds)));

    [Fact]
    public void No_time_is_too_far_away_to_be_written()
    {
        Assert.StartsWith("0000-", Format(new UnixTime(long.MinValue, 0)));
        Assert.StartsWith("9999-", Format(new UnixTime(long.MaxValue, 999_999_999)));
    }

    [Theory]
    [InlineData("2017-07-14T02:40:00+02:00", 1_499_992_800, 0)]
    [InlineData("2017-07-14T02:40:00.5-23:59", 1_500_086_340, 500_000_000)]
    [InlineData("2017-07-14T02:40:00.1234567899999Z", 1_500_000_000, 123_456_789)]
    [InlineData("0001-01-01T00:00:00Z", -62_135_596_800, 0)]
    public void Any_offset_and_any_number_of_digits_are_read(string text, long seconds, int nanoseconds)
    {
        Assert.True(Rfc3339.TryParse(Encoding.ASCII.GetBytes(text), out var time, out _));
        Assert.Equal(new UnixTime(seconds, nanoseconds), time);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2017-07-14")]
    [InlineData("2017-07-14T02:40:00")]
    [InlineData("2017-07-14T02:40:00z")]
    [InlineData("2017-07-14 02:40:00Z")]
    [InlineData("2017-02-29T02:40:00Z")]
    [InlineData("2017-13-01T02:40:00Z")]
    [InlineData("2017-00-01T02:40:00Z")]
    [InlineData("2017-01-00T02:40:00Z")]
    [InlineData("2017-01-01T24:00:00Z")]
    [InlineData("2017-01-01T00:00:60Z")]
    [InlineData("2017-01-01T00:00:00.Z")]
    [InlineData("2017-01-01T00:00:00.1")]
    [InlineData("2017-01-01T00:00:00+0200")]
    [InlineData("2017-01-01T00:00:00ZZ")]
    public void Other_forms_are_refused(string text) => Assert.False(Rfc3339.TryParse(Encoding.ASCII.GetBytes(text), out _, out _));

    private static string Format(UnixTime time, int offsetMinutes = 0)
    {
        Span<byte> text = stackalloc byte[Rfc3339.BytesMax];
        return Encoding.ASCII.GetString(text[..Rfc3339.Format(time, text, offsetMinutes)]);
    }

    // Fewer digits, so that zeros at the end are trimmed.
    private static int Power(int exponent) => (int)Math.Pow(10, exponent);
}
