using Larder.Repository.Snapshots;

namespace Larder.Repository.Tests.Snapshots;

public sealed class GoFileModeTests
{
    // st_mode in octal as text, and what restic 0.14 stored for such a file.
    [Theory]
    [InlineData("100644", 420u)]
    [InlineData("104755", 8389101u)]
    [InlineData("40755", 2147484141u)]
    [InlineData("43770", 2152727032u)]
    [InlineData("10644", 33554852u)]
    [InlineData("120777", 134218239u)]
    [InlineData("60660", 67109296u)]
    [InlineData("20666", 69206454u)]
    [InlineData("140755", 16777709u)]
    public void Modes_are_those_of_Go(string octal, uint goMode)
    {
        var posix = Convert.ToUInt32(octal, 8);

        Assert.Equal(goMode, GoFileMode.FromPosix(posix));
        Assert.Equal(posix, GoFileMode.ToPosix(goMode));
    }

    [Fact]
    public void Every_mode_of_a_known_type_comes_back()
    {
        foreach (var type in new uint[] { 0x1, 0x2, 0x4, 0x6, 0x8, 0xA, 0xC })
        {
            for (uint bits = 0; bits < 0x1000; bits++)
            {
                Assert.Equal((type << 12) | bits, GoFileMode.ToPosix(GoFileMode.FromPosix((type << 12) | bits)));
            }
        }
    }

    [Fact]
    public void An_irregular_file_has_no_type_in_POSIX() => Assert.Equal(0x1A4u, GoFileMode.ToPosix(GoFileMode.Irregular | 0x1A4));
}
