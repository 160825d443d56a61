using System.Text;

namespace Larder.Engine.Configuration;

/// <summary>Reads the configuration: finds it, holds it against the schema, and says everything that is wrong at once.</summary>
public static class ConfigurationLoader
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Never throws for what the files hold. <paramref name="path"/> is what `--config` says, or null.</summary>
    public static ConfigurationResult Load(string? path, ConfigurationEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var problems = new List<ConfigurationProblem>();
        var warnings = new List<ConfigurationProblem>();

        var file = ConfigurationFinder.Find(path, environment);
        if (file is null)
        {
            return LoadVariables(environment, problems, warnings);
        }

        var text = ReadText(file, YamlText.BytesMax, problems);
        return text is null ? new ConfigurationResult { File = file, Problems = problems, Warnings = warnings }
            : LoadText(text, file, environment, problems, warnings);
    }

    /// <summary>As <see cref="Load"/>, of a text that stands for the content of <paramref name="file"/>.</summary>
    public static ConfigurationResult LoadText(string text, string file, ConfigurationEnvironment environment) =>
        LoadText(text, file, environment, [], []);

    private static ConfigurationResult LoadText(
        string text, string file, ConfigurationEnvironment environment, List<ConfigurationProblem> problems,
            List<ConfigurationProblem> warnings)
    {
        var folder = Path.GetDirectoryName(file) ?? "/";
        var variables = WithDotEnv(folder, environment, problems, warnings);
        var root = YamlText.Parse(text, file, problems);
        return root is null
            ? new ConfigurationResult { File = file, Problems = Sorted(problems), Warnings = Sorted(warnings) }
            : Check(root, file, folder, variables, problems, warnings);
    }

    private static ConfigurationResult LoadVariables(
        ConfigurationEnvironment environment, List<ConfigurationProblem> problems, List<ConfigurationProblem> warnings)
    {
        var variables = WithDotEnv(environment.WorkingDirectory, environment, problems, warnings);
        var root = EnvironmentConfiguration.Compose(
            variables, environment.WorkingDirectory, DefaultStateDirectory(variables), problems, warnings);
        if (root is not null)
        {
            return Check(root, null, environment.WorkingDirectory, variables, problems, warnings);
        }

        if (problems.Count == 0)
        {
            problems.Add(new ConfigurationProblem
            {
                Key = "",
                Message =
                    $"There is no configuration: neither {string.Join(" nor ", ConfigurationFinder.Places(null, environment))} exists, "
                    + $"and none of {ConfigurationFinder.Variable}, "
                    + $"{string.Join(", ", EnvironmentConfiguration.StartingVariables)} is set.",
                Suggestion = "larder config example > larder.yaml",
            });
        }

        return new ConfigurationResult { Problems = Sorted(problems), Warnings = Sorted(warnings) };
    }

    private static ConfigurationResult Check(
        SettingNode root,
        string? file,
        string folder,
        IReadOnlyDictionary<string, string> variables,
        List<ConfigurationProblem> problems,
        List<ConfigurationProblem> warnings)
    {
        var context = new ScalarContext(folder, variables.GetValueOrDefault("HOME"));
        var values = new ShapeReader(variables, context, problems, warnings).Read(root, ConfigurationSchema.Root, "") as ObjectValue;
        if (values is not null)
        {
            new ReferenceCheck(problems).Check(values);
        }

        return new ConfigurationResult
        {
            Configuration = problems.Count == 0
                ? SettingsBinder.Bind(values!, file, DefaultStateDirectory(variables)) with { Variables = variables, Values = values }
                : null,
            File = file,
            Problems = Sorted(problems),
            Warnings = Sorted(warnings),
            Values = values,
        };
    }

    /// <summary>The environment wins over `.env`, so that one run can be told otherwise.</summary>
    private static IReadOnlyDictionary<string, string> WithDotEnv(
        string folder, ConfigurationEnvironment environment, List<ConfigurationProblem> problems, List<ConfigurationProblem> warnings)
    {
        var file = Path.Combine(folder, ".env");
        if (!File.Exists(file) || ReadText(file, YamlText.BytesMax, problems) is not { } text)
        {
            return environment.Variables;
        }

        if (SecretFiles.IsReadableByOthers(file))
        {
            warnings.Add(new ConfigurationProblem
            {
                Key = "",
                File = file,
                Message = "Every user of this machine can read .env.",
                Suggestion = $"chmod 600 {file}",
            });
        }

        var variables = DotEnv.Parse(text, file, problems);
        foreach (var (name, value) in environment.Variables)
        {
            variables[name] = value;
        }

        return variables;
    }

    private static string? ReadText(string file, int bytesMax, List<ConfigurationProblem> problems)
    {
        string message;
        string? suggestion = null;
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var buffer = new byte[bytesMax + 1];
            var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (length <= bytesMax)
            {
                return StrictUtf8.GetString(buffer, 0, length).TrimStart('\uFEFF');
            }

            message = $"The file is larger than {ByteSize.Format(bytesMax)}.";
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            message = "The file does not exist.";
            suggestion = $"larder config example > {file}";
        }
        catch (UnauthorizedAccessException)
        {
            message = Directory.Exists(file) ? "The path is a folder, not a file." : "The file may not be read by this user.";
        }
        catch (DecoderFallbackException)
        {
            message = "The file is not text in UTF-8.";
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or NotSupportedException)
        {
            message = "The file cannot be read.";
        }

        problems.Add(new ConfigurationProblem { Key = "", File = file, Message = message, Suggestion = suggestion });
        return null;
    }

    private static string DefaultStateDirectory(IReadOnlyDictionary<string, string> variables)
    {
        // Whoever sets it means it, root too: a trial must not write into the history of the machine.
        if (variables.GetValueOrDefault("XDG_STATE_HOME") is { Length: > 0 } state && Path.IsPathFullyQualified(state))
        {
            return Path.Combine(state, "larder");
        }

        if (!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess)
        {
            return "/var/lib/larder";
        }

        return variables.GetValueOrDefault("HOME") is { Length: > 0 } home && Path.IsPathFullyQualified(home)
            ? Path.Combine(home, ".local", "state", "larder")
            : "/var/lib/larder";
    }

    private static List<ConfigurationProblem> Sorted(List<ConfigurationProblem> problems) =>
        [.. problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column).Distinct()];
}
