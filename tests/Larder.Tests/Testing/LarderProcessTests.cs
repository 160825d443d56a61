using Larder.Testing;

namespace Larder.Tests.Testing;

public sealed class LarderProcessTests
{
    [Fact]
    public async Task The_program_that_was_built_tells_its_version()
    {
        await using var larder = new LarderProcess();

        var said = await larder.ExpectAsync(0, "--version");

        Assert.Matches(@"\b[0-9]+\.[0-9]+\.[0-9]+", said.Output);
    }

    [Fact]
    public async Task Nothing_of_the_developers_own_environment_reaches_it()
    {
        await using var larder = new LarderProcess();
        larder.Environment["LARDER_EXTRA"] = "wanted";

        var command = larder.Command("--version");

        Assert.Null(command.Environment.GetValueOrDefault(LarderProcess.ProgramVariable));
        Assert.Equal(larder.HomeFolder, command.Environment["HOME"]);
        Assert.Equal("wanted", command.Environment["LARDER_EXTRA"]);
    }
}
