using System.Globalization;
using System.Runtime.CompilerServices;
using Larder.Engine.Configuration;
using Larder.Testing;

namespace Larder.Engine.Tests.Configuration;

public sealed class GoldenProblemsTests
{
    /// <summary>Set LARDER_REGENERATE=1 to write the file anew, and read the difference before it is committed.</summary>
    [Fact]
    public void Twenty_mistakes_are_twenty_problems()
    {
        using var loading = new Loading();
        var result = ConfigurationLoader.LoadText(File.ReadAllText(Beside("Golden/mistakes.yaml")),
            Path.Combine(loading.Folder, "mistakes.yaml"), loading.Environment);
        var text = string.Join("\n\n", result.Problems.Select(problem => $"[{problem.Key}]\n{problem}")).Replace(loading.Folder + "/", "",
            StringComparison.Ordinal) + "\n";

        var golden = Beside("Golden/mistakes.txt");
        if (GeneratedDocument.IsRegenerating)
        {
            File.WriteAllText(golden, text);
        }

        Assert.Equal(File.ReadAllText(golden), text);
        Assert.Equal(20, result.Problems.Count);
        Assert.Null(result.Configuration);
    }

    [Fact]
    public void Every_problem_stands_on_the_line_of_its_mistake()
    {
        using var loading = new Loading();
        var yaml = File.ReadAllText(Beside("Golden/mistakes.yaml"));
        var expected = yaml.Split('\n').Select((line, index) => (line, Number: index + 1)).Where(pair =>
            pair.line.Contains("# wrong", StringComparison.Ordinal))
            .SelectMany(pair => Enumerable.Repeat(pair.Number, CountOf(pair.line)));

        var result = ConfigurationLoader.LoadText(yaml, Path.Combine(loading.Folder, "mistakes.yaml"), loading.Environment);
        Assert.Equal(expected, result.Problems.Select(problem => problem.Line));
    }

    /// <summary>`# wrong` for one mistake, `# wrong 2` for two on the line.</summary>
    private static int CountOf(string line) =>
        int.TryParse(line[(line.IndexOf("# wrong", StringComparison.Ordinal) + 7)..], CultureInfo.InvariantCulture, out var count) ? count
            : 1;

    private static string Beside(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, name);
}
