using Larder.Testing;

namespace Larder.Sources.Tests.MySql;

/// <summary>The statements that the guide tells its readers to run, so that the tests run the same.</summary>
internal static class GuideStatements
{
    /// <summary>The GRANTs for an account, with <c>@account</c> for its name.</summary>
    /// <param name="account">As the guide names it: <c>backup</c> or <c>restore</c>.</param>
    /// <param name="database">What stands for the guide's <c>shop</c>.</param>
    public static async Task<IReadOnlyList<string>> ReadAsync(string account, string database)
    {
        var lines = await File.ReadAllLinesAsync(RepositoryRoot.Combine("docs", "guides", "mariadb.md"));
        var statements = lines
            .Where(line => line.StartsWith("GRANT ", StringComparison.Ordinal) && line.Contains($"'larder_{account}'@", StringComparison.Ordinal))
            .Select(line => line
                .Replace($"'larder_{account}'@'localhost'", "@account", StringComparison.Ordinal)
                .Replace("`shop`", $"`{database}`", StringComparison.Ordinal)
                .Replace("`shop\\_larder\\_%`", $"`{database.Replace("_", "\\_", StringComparison.Ordinal)}\\_larder\\_%`", StringComparison.Ordinal))
            .ToList();
        Assert.NotEmpty(statements);
        return statements;
    }
}
