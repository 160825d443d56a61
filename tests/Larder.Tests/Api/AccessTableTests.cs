using Larder.Api;
using Larder.Engine.Access;
using Larder.Testing;

namespace Larder.Tests.Api;

/// <summary>Every call with every role and every scope, against the table of who may what.</summary>
public sealed class AccessTableTests
{
    private sealed record Line(string Method, string Path, Role? Role, Scope? Scope, bool IsForAllJobs)
    {
        public bool Allows(Role role, Scope scope) => Role is not { } needed || (role <= needed && (Scope is null || Scope == scope));
    }

    private static readonly IReadOnlyList<Line> Table =
    [
        .. File.ReadLines(RepositoryRoot.Combine("tests", "Larder.Tests", "Api", "access.txt"))
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(words => new Line(
                words[0],
                words[1],
                words[2] == "anybody" ? null : AccessWords.RoleOf(words[2]),
                words[3] == "-" ? null : AccessWords.ScopeOf(words[3]),
                words[4] == "all")),
    ];

    [Fact]
    public void No_call_is_missing_from_the_table_and_none_is_in_it_that_is_not_there() => Assert.Equal(
        ApiMapping.Routes.Select(route => $"{route.Method} {route.Path}").Order(StringComparer.Ordinal),
        Table.Select(line => $"{line.Method} {line.Path}").Order(StringComparer.Ordinal));

    [Fact]
    public async Task Every_call_lets_in_whom_the_table_names_and_nobody_else()
    {
        await using var desk = await ApiDesk.OpenAsync();
        var wrong = new List<string>();
        foreach (var line in Table)
        {
            var stranger = await AskAsync(desk, line, null);
            if (stranger.Status == 401 != line.Role is not null)
            {
                wrong.Add($"{line.Method} {line.Path}: a stranger gets {stranger.Status}");
            }
        }
        foreach (var role in Enum.GetValues<Role>())
        {
            foreach (var scope in Enum.GetValues<Scope>())
            {
                var (token, ofJob) = (desk.TokenOf(role, [scope]), desk.TokenOf(role, [scope], ["journal"]));
                foreach (var line in Table)
                {
                    var (all, one) = (await AskAsync(desk, line, token), await AskAsync(desk, line, ofJob));
                    Check(wrong, line, $"a token of {role} for {scope}", line.Allows(role, scope), all);
                    Check(
                        wrong, line, $"a token of {role} for {scope} and one job", line.Allows(role, scope) && !(line.IsForAllJobs && line.Role is not null), one);
                }
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(desk.Audit.Verify().IsWhole);
    }

    private static void Check(List<string> wrong, Line line, string who, bool isAllowed, Heard heard)
    {
        // Let in, a call without a sensible body or name ends otherwise: 400, 404, or 403 for a reason of its own.
        var isRefused = heard.Status == 401 || heard.Code == "LARDER-109";
        if (isRefused == isAllowed || heard.Status is >= 500 and not 503)
        {
            wrong.Add($"{line.Method} {line.Path}: {who} gets {heard.Status} {heard.Text}");
        }
    }

    /// <summary>Asks so that nothing is done where it is let in: with a body that no call takes, and names of nothing.</summary>
    private static Task<Heard> AskAsync(ApiDesk desk, Line line, string? token)
    {
        var path = line.Path.Replace("{id}", "0123456789abcdef0123456789abcdef", StringComparison.Ordinal)
            .Replace("{filename}", "nothing", StringComparison.Ordinal).Replace("{name}", "nothing", StringComparison.Ordinal)
            .Replace("{kind}", "nothing", StringComparison.Ordinal);
        var takesBody = ApiMapping.Routes.First(route => route.Method == line.Method && route.Path == line.Path).Body is not null;
        if (line.Path == "/backups/cleanup")
        {
            path += "?job=nothing";
        }
        return desk.SendAsync(line.Method, path, token, takesBody ? """{"nothing":true}""" : null);
    }
}
