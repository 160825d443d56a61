using System.Text.RegularExpressions;
using Larder.Api;
using Larder.Cli;
using Larder.Testing;

namespace Larder.Tests.Api;

/// <summary>What the command line does is done by the API too, or it is written down why not.</summary>
public sealed partial class CommandTableTests
{
    private static readonly string[] OnlyCalls =
    [
        "/api/owner", "/api/session", "/api/approvals", "/api/jobs", "/api/repositories", "/api/backups/{id}/collections", "/api/docs",
        "/api/backup", "/api/backup/status", "/healthz", "/openapi", "/owner", "/backups",
    ];

    private static readonly IReadOnlyList<LarderCommand> Commands = [.. CommandReference.Shown(CommandTree.Create(new GlobalOptions()))];

    /// <summary>The rows of the guide: the calls of each command; none for one that is no call.</summary>
    private static readonly IReadOnlyDictionary<string, IReadOnlyList<string>> Guide = File
        .ReadLines(RepositoryRoot.Combine("docs", "guides", "api.md"))
        .SkipWhile(line => line != "## Commands and calls").Skip(1).TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
        .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
        .Select(line => line.Split('|'))
        .SelectMany(cells => Code().Matches(cells[1]).Select(command => (
            Command: command.Groups[1].Value,
            Calls: (IReadOnlyList<string>)[.. Code().Matches(cells[2]).Select(call => call.Groups[1].Value).Where(call => call.Contains('/'))])))
        .ToDictionary(row => row.Command, row => row.Calls, StringComparer.Ordinal);

    [Fact]
    public void Every_command_is_a_call_or_has_a_reason_not_to_be() => Assert.Equal(
        Commands.Select(NameOf).Order(StringComparer.Ordinal), Guide.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Every_call_of_the_guide_is_there_and_every_other_call_is_for_what_no_command_does()
    {
        var routes = ApiMapping.Routes.ToDictionary(route => $"{route.Method} {route.Path}", StringComparer.Ordinal);
        var named = Guide.Values.SelectMany(calls => calls).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(named.Except(routes.Keys));
        Assert.Empty(routes.Values.Where(route => !named.Contains($"{route.Method} {route.Path}")
            && !OnlyCalls.Any(path => route.Path == path || route.Path.StartsWith(path + "/", StringComparison.Ordinal)
                || route.Path.StartsWith(path + ".", StringComparison.Ordinal)))
            .Select(route => $"{route.Method} {route.Path}"));
    }

    [Fact]
    public void Every_option_is_taken_by_a_call_or_has_a_reason_not_to_be()
    {
        var lines = File.ReadLines(RepositoryRoot.Combine("tests", "Larder.Tests", "Api", "commands.txt"))
            .Where(line => line.Length > 0 && line[0] != '#').Select(line => Row().Match(line)).ToList();
        Assert.All(lines, line => Assert.True(line.Success, line.Value));
        var asked = Commands.Where(command => Guide[NameOf(command)].Count > 0).SelectMany(
            command => command.Arguments.Select(argument => argument.Name)
                .Concat(command.Options.Select(option => option.Name)).Concat(command.TakesRepository ? ["--repository"] : [])
                .Select(part => $"{NameOf(command)} {part}"));
        Assert.Equal(
            asked.Order(StringComparer.Ordinal), lines.Select(line => line.Groups["what"].Value).Order(StringComparer.Ordinal));
        foreach (var line in lines.Where(line => line.Groups["why"].Length == 0))
        {
            var command = Commands.Where(one => line.Groups["what"].Value.StartsWith(NameOf(one) + " ", StringComparison.Ordinal))
                .MaxBy(one => NameOf(one).Length)!;
            var calls = ApiMapping.Routes.Where(route => Guide[NameOf(command)].Contains($"{route.Method} {route.Path}"));
            var (place, name) = (line.Groups["place"].Value, line.Groups["name"].Value);
            Assert.True(calls.Any(route => Takes(route, place, name)), line.Value);
        }
    }

    private static bool Takes(Route route, string place, string name) => place switch
    {
        "body" => route.Body?.Properties.Any(property => property.Name == name) ?? false,
        "query" => route.Query.Any(query => query.Name == name),
        _ => route.Path.Contains($"{{{name}}}", StringComparison.Ordinal),
    };

    private static string NameOf(LarderCommand command) => command.FullName[(CommandTree.Program.Length + 1)..];

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"^(?<what>.+?) +(?:(?<place>body|query|path)\.(?<name>[a-z_]+)|- (?<why>.+))$")]
    private static partial Regex Row();
}
