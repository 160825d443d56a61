using System.Diagnostics;
using System.Globalization;
using System.Text;
using Larder.Engine.Configuration;

namespace Larder.Engine.Tests.Configuration;

public sealed class ConfigurationFuzzTests
{
    private static readonly string[] Pieces =
    [
        ": ", ":", "- ", "\n", "\n  ", "\n    ", "{", "}", "[", "]", ",", "\"", "'", "&a ", "*a", "!!str ", "|", ">", "#", "\t", "?",
            "---\n", "...", "%YAML 1.1\n",
        "${", "${A}", "$$", "}", "<<: *a", "~", "null", "\0", "\u2028", "\uFEFF", "\\x", "\\U00110000", "@", "`", "repositories", "jobs",
            "keep", "sources", "path",
        "password_file", "cron", "99999999999999999999", "-1", "1e9", "é", "\ud800",
    ];

    [Fact]
    public void Mutated_files_give_problems_and_never_throw()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var clock = Stopwatch.StartNew();
        for (var round = 0; round < 3000 && clock.Elapsed < TimeSpan.FromSeconds(4); round++)
        {
            Try(Mutate(ConfigurationExample.Text, random), string.Create(CultureInfo.InvariantCulture, $"seed {seed}, round {round}"));
        }
    }

    [Fact]
    public void Random_text_gives_problems_and_never_throws()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 3000; round++)
        {
            var text = new StringBuilder();
            for (var i = random.Next(60); i > 0; i--)
            {
                text.Append(Pieces[random.Next(Pieces.Length)]);
            }

            Try(text.ToString(), string.Create(CultureInfo.InvariantCulture, $"seed {seed}, round {round}"));
        }
    }

    private static void Try(string yaml, string where)
    {
        try
        {
            var environment = new ConfigurationEnvironment { Variables = new Dictionary<string, string>(),
                WorkingDirectory = "/nonexistent" };
            var result = ConfigurationLoader.LoadText(yaml, "/nonexistent/larder.yaml", environment);
            Assert.Equal(result.Configuration is null, result.Problems.Count > 0);
            Assert.All(result.Problems, problem => Assert.False(string.IsNullOrWhiteSpace(problem.Message)));
            ConfigurationWriter.ValidationJson(result).ToJsonString();
            if (result.Configuration is not null)
            {
                ConfigurationWriter.Show(result);
            }
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{where}:\n{yaml}", exception);
        }
    }

    private static string Mutate(string text, Random random)
    {
        var mutated = new StringBuilder(text);
        for (var i = random.Next(1, 6); i > 0; i--)
        {
            var at = random.Next(mutated.Length);
            switch (random.Next(4))
            {
                case 0:
                    mutated.Remove(at, Math.Min(random.Next(1, 40), mutated.Length - at));
                    break;
                case 1:
                    mutated.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                case 2:
                    mutated[at] = (char)random.Next(1, 0x300);
                    break;
                default:
                    var length = Math.Min(random.Next(1, 200), mutated.Length - at);
                    mutated.Insert(random.Next(mutated.Length), mutated.ToString(at, length));
                    break;
            }
        }

        return mutated.ToString();
    }
}
