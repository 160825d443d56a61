namespace Larder.Tests.Cli;

public sealed class RunsTests
{
    [Fact]
    public async Task A_run_is_shown_with_what_its_hooks_printed_before_they_failed_too()
    {
        await using var desk = await Desk.LaidAsync(Desk.Usual + """

                hooks: { before: "echo said to stdout; echo said to stderr >&2" }
            """);
        await desk.InitAsync();
        await desk.ExpectAsync(0, "backup", "journal");

        var good = (await desk.ExpectAsync(0, "runs", "--show", "latest", "--json")).Json;
        Assert.Equal("success", good.GetProperty("status").GetString());
        var said = good.GetProperty("events")[0].GetProperty("message").GetString();
        Assert.Contains("said to stdout\nsaid to stderr", said, StringComparison.Ordinal);

        await desk.ConfigureAsync(Desk.Usual + """

                hooks: { before: "echo half of the work; exit 7" }
            """);
        await desk.ExpectAsync(1, "backup", "journal");
        var id = (await desk.ExpectAsync(0, "runs", "--json")).Json[0].GetProperty("id").GetString()!;
        var page = await desk.ExpectAsync(0, "runs", "--show", id[..16]);
        Assert.Contains("half of the work", page.Output, StringComparison.Ordinal);
        Assert.Contains("ERROR", page.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing", "No run is called")]
    [InlineData("0", "type more of the id")]
    public async Task A_name_that_fits_no_run_or_several_is_an_error_of_usage(string name, string says)
    {
        await using var desk = await Desk.LaidAsync();
        await desk.InitAsync();
        await desk.ExpectAsync(0, "backup", "journal");
        await desk.ExpectAsync(0, "backup", "journal");

        var said = await desk.ExpectAsync(2, "runs", "--show", name);

        Assert.Contains(says, said.Error, StringComparison.Ordinal);
        Assert.Contains("LARDER-083", said.Error, StringComparison.Ordinal);
    }
}
