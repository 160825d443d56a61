using System.Text.RegularExpressions;
using Larder.Cli.Output;
using Larder.Engine;
using Larder.Testing;

namespace Larder.Tests.Cli;

public sealed partial class TerminalTests
{
    [Fact]
    public async Task Nothing_is_painted_where_nobody_watches()
    {
        await using var desk = await Desk.LaidAsync();
        desk.Variables["TERM"] = "xterm-256color";
        await desk.InitAsync();

        foreach (var words in new[] { new[] { "backup" }, ["list"], ["show", "latest"], ["--help"], ["bakup"], ["cleanup", "--dry-run"], ["doctor"] })
        {
            var said = await desk.RunAsync(words);
            Assert.DoesNotContain('\e', said.Output + said.Error);
            Assert.DoesNotContain('\r', said.Output + said.Error);
        }
    }

    [Theory]
    [InlineData("xterm", null, false, true)]
    [InlineData("dumb", null, false, false)]
    [InlineData(null, null, false, false)]
    [InlineData("xterm", "1", false, false)]
    [InlineData("xterm", null, true, false)]
    public void A_terminal_is_painted_unless_it_cannot_or_somebody_says_no(string? term, string? noColor, bool option, bool painted)
    {
        string? Variable(string name) => name == "TERM" ? term : noColor;

        Assert.Equal(painted, Ink.For(isTerminal: true, option, Variable).IsOn);
        Assert.False(Ink.For(isTerminal: false, option, Variable).IsOn);
    }

    [Fact]
    public async Task With_quiet_only_the_result_is_said()
    {
        await using var desk = await Desk.LaidAsync();

        Assert.Empty((await desk.ExpectAsync(0, "init", "-q")).Error);
        Assert.Empty((await desk.ExpectAsync(0, "list", "--quiet")).Error);
        Assert.NotEmpty((await desk.ExpectAsync(0, "list")).Error);
    }

    [Fact]
    public async Task A_trace_is_shown_only_to_who_asks_twice()
    {
        await using var desk = await Desk.LaidAsync();

        Assert.DoesNotContain("   at ", (await desk.ExpectAsync(10, "list", "-v")).Error, StringComparison.Ordinal);
        var twice = await desk.ExpectAsync(10, "list", "-vv", "--json");
        Assert.Contains("   at ", twice.Error, StringComparison.Ordinal);
        Assert.Equal("LARDER-041", twice.Json.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_line_of_progress_is_redrawn_on_a_terminal_and_gone_at_the_end()
    {
        using var error = new StringWriter();
        var (clock, progress) = (new TestClock(), new RunProgress());
        var words = new Words(error, Ink.None, isQuiet: false);
        await using (new ProgressLine(progress, words, isTerminal: true, () => 60, clock))
        {
            progress.Begin("storing db", 10 << 20);
            clock.Advance(TimeSpan.FromSeconds(1));
            progress.Advance(5 << 20);
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        var drawn = error.ToString();
        Assert.Contains("storing db: 5 MiB of 10 MiB, 50 %", drawn, StringComparison.Ordinal);
        Assert.Contains("/s, ", drawn, StringComparison.Ordinal);
        Assert.Contains(" left", drawn, StringComparison.Ordinal);
        Assert.InRange(drawn.Count(character => character == '\r'), 2, 21); // Two seconds, ten times a second at most.
        Assert.EndsWith("\r\e[K", drawn, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Elsewhere_a_line_comes_with_each_phase_and_then_every_half_minute()
    {
        using var error = new StringWriter();
        var (clock, progress) = (new TestClock(), new RunProgress());
        await using (new ProgressLine(progress, new Words(error, Ink.None, isQuiet: false), isTerminal: false, () => 60, clock))
        {
            progress.Begin("storing db", 0);
            clock.Advance(TimeSpan.FromSeconds(65));
            progress.Begin("finishing", 0);
            clock.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.Equal(["storing db", "storing db", "storing db", "finishing", ""], error.ToString().Split('\n'));
    }

    [Fact]
    public async Task With_quiet_there_is_no_progress_at_all()
    {
        using var error = new StringWriter();
        var (clock, progress) = (new TestClock(), new RunProgress());
        await using (new ProgressLine(progress, new Words(error, Ink.None, isQuiet: true), isTerminal: true, () => 60, clock))
        {
            progress.Begin("storing db", 100);
            clock.Advance(TimeSpan.FromSeconds(90));
        }

        Assert.Empty(error.ToString());
    }

    [Fact]
    public void Columns_stand_below_each_other_whatever_script_they_are_in()
    {
        var table = new Table("NAME", ">SIZE", "REST");
        table.Add("数据库", "1", "x");
        table.Add("e\u0301te\u0301", "200", "y");
        table.Add("bell\a\e[31m", "3", "z");

        var lines = table.Render(Ink.None).TrimEnd('\n').Split('\n');

        Assert.Single(lines.Skip(1).Select(TextWidth.Of).Distinct()); // The last column is one letter wide.
        Assert.Equal("数据库", TextWidth.Cut("数据库", 6));
        Assert.Equal("数据…", TextWidth.Cut("数据库", 5));
        Assert.DoesNotContain('\e', string.Concat(lines));
        Assert.DoesNotContain('\a', string.Concat(lines));
    }

    [Fact]
    public async Task On_a_pseudo_terminal_a_backup_shows_its_progress_there_and_only_the_result_on_stdout()
    {
        await using var desk = await Desk.LaidAsync(
            """
            state_directory: {0}/state
            repositories: { local: { path: {0}/repository, password: correct-horse-9d41 } }
            jobs: { slow: { sources: { out: { command: { run: "for i in 1 2 3 4 5; do head -c 1000000 /dev/urandom; sleep 0.2; done", name: out.bin } } } } }
            """);
        await desk.InitAsync();
        await using var larder = new LarderProcess();
        var command = larder.Command();
        var line = $"'{LarderProcess.Program}' --config '{desk["larder.yaml"]}' backup --json >'{desk["out.json"]}'";

        var seen = await ChildProcess.RunAsync(command with
        {
            Program = "script",
            Arguments = ["-qec", line, "/dev/null"],
            Environment = new Dictionary<string, string?>(command.Environment) { ["TERM"] = "xterm", ["NO_COLOR"] = null },
        });

        seen.Expect();
        Assert.Matches(RedrawnRate(), seen.Output);
        Assert.DoesNotContain('\e', await File.ReadAllTextAsync(desk["out.json"]));
        Assert.Contains("\"status\": \"success\"", await File.ReadAllTextAsync(desk["out.json"]), StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\r[^\r]*iB/s\e\[K", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RedrawnRate();
}
