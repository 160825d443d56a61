using Larder.Testing;

namespace Larder.Engine.Tests.Retention;

public sealed class RetentionGoldenTests
{
    private static string Folder => RepositoryRoot.Combine("tests", "Larder.Engine.Tests", "Retention", "cases");

    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder, "*.txt").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_case_is_decided_as_its_table_says(string file)
    {
        var path = Path.Combine(Folder, file);
        var cases = RetentionCase.ReadAll(path);
        Assert.NotEmpty(cases);
        if (GeneratedDocument.IsRegenerating)
        {
            File.WriteAllText(path, string.Join('\n', cases.Select(one => one.Render(one.Decide()))));
        }
        Assert.All(RetentionCase.ReadAll(path), one => Assert.Equal($"== {one.Title}\n{one.Expected}", $"== {one.Title}\n{one.Decide()}"));
    }

    [Fact]
    public void There_are_at_least_45_cases_and_no_title_twice()
    {
        var titles = Directory.GetFiles(Folder, "*.txt").SelectMany(RetentionCase.ReadAll).Select(one => one.Title).ToList();

        Assert.InRange(titles.Count, 45, int.MaxValue);
        Assert.Equal(titles.Count, titles.Distinct(StringComparer.Ordinal).Count());
    }
}
