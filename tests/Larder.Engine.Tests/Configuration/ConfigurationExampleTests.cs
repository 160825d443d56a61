using System.Text.Json.Nodes;
using Larder.Engine.Configuration;

namespace Larder.Engine.Tests.Configuration;

public sealed class ConfigurationExampleTests
{
    [Fact]
    public void The_example_validates()
    {
        using var loading = new Loading();
        Assert.Empty(loading.Load(ConfigurationExample.Text).Problems);
    }

    [Fact]
    public void The_example_has_every_key_of_the_schema()
    {
        using var loading = new Loading();
        var used = new HashSet<string>(StringComparer.Ordinal);
        CollectUsed(loading.Load(ConfigurationExample.Text).Values!, "", used);
        var known = new HashSet<string>(StringComparer.Ordinal);
        CollectKnown(ConfigurationSchema.Root, "", known);

        // There is one catalog, so its other form can only stand in the comment beside it.
        Assert.Equal([".catalog.url"], known.Except(used));
    }

    [Fact]
    public void What_is_shown_is_a_configuration_with_the_same_values()
    {
        using var loading = new Loading();
        var first = loading.Load(ConfigurationExample.Text);
        var shown = ConfigurationWriter.Show(first);
        // A secret is three stars, which is no URL; that and nothing else may be complained about.
        var problems = loading.Load(shown).Problems;
        Assert.All(problems, problem => Assert.Contains("does not begin with", problem.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Json_has_the_keys_of_the_file_and_its_own()
    {
        using var loading = new Loading();
        var json = ConfigurationWriter.ShowJson(loading.Load(ConfigurationExample.Text));

        Assert.Equal(["file", "repositories", "jobs", "alerts", "state_directory", "catalog", "serve"], json.Select(pair => pair.Key));
        Assert.Equal(7, (int)json["jobs"]!["notes"]!["keep"]!["daily"]!);
        Assert.Equal("***", (string)json["repositories"]!["local"]!["password"]!);
        Assert.True(JsonNode.DeepEquals(json, JsonNode.Parse(json.ToJsonString())));
    }

    [Fact]
    public void Every_shape_gives_an_example_that_it_accepts()
    {
        Check(ConfigurationSchema.Root, "");

        static void Check(Shape shape, string path)
        {
            switch (shape)
            {
                case ScalarShape { IsSecret: false } scalar:
                    var text = scalar.Example.Trim('"');
                    Assert.True(scalar.Parse(text, new ScalarContext("/", "/root")).Complaint is null, path);
                    break;
                case ListShape list:
                    Check(list.Item, path + "[]");
                    break;
                case NamedShape named:
                    Check(named.Item, path + ".*");
                    break;
                case ObjectShape map:
                    foreach (var key in map.Keys)
                    {
                        Check(key.Shape, $"{path}.{key.Name}");
                        if (key.Default is { } fallback)
                        {
                            Assert.Null(((ScalarShape)key.Shape).Parse(fallback, new ScalarContext("/", "/root")).Complaint);
                        }
                    }

                    break;
            }
        }
    }

    private static void CollectUsed(SettingValue value, string path, HashSet<string> used)
    {
        switch (value)
        {
            case ListValue list:
                foreach (var item in list.Items)
                {
                    CollectUsed(item, path, used);
                }

                break;
            case NamedValue named:
                foreach (var (_, _, item) in named.Items)
                {
                    CollectUsed(item, path + ".*", used);
                }

                break;
            case ObjectValue map:
                foreach (var (key, member) in map.Members.Where(member => member.Value.Node is not null))
                {
                    used.Add($"{path}.{key.Name}");
                    CollectUsed(member, $"{path}.{key.Name}", used);
                }

                break;
        }
    }

    private static void CollectKnown(Shape shape, string path, HashSet<string> known)
    {
        switch (shape)
        {
            case ListShape list:
                CollectKnown(list.Item, path, known);
                break;
            case NamedShape named:
                CollectKnown(named.Item, path + ".*", known);
                break;
            case ObjectShape map:
                foreach (var key in map.Keys)
                {
                    known.Add($"{path}.{key.Name}");
                    CollectKnown(key.Shape, $"{path}.{key.Name}", known);
                }

                break;
        }
    }
}
