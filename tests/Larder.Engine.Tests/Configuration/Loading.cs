using System.Runtime.Versioning;
using Larder.Engine.Configuration;

[assembly: SupportedOSPlatform("linux")]

namespace Larder.Engine.Tests.Configuration;

/// <summary>A folder of its own, with the environment that a test wants; removed afterwards.</summary>
internal sealed class Loading : IDisposable
{
    public Loading(params (string Name, string Value)[] variables)
    {
        Folder = Directory.CreateTempSubdirectory("larder-configuration-").FullName;
        Environment = new ConfigurationEnvironment
        {
            Variables = variables.ToDictionary(pair => pair.Name, pair => pair.Value),
            WorkingDirectory = Folder,
            SystemFile = Path.Combine(Folder, "etc", "larder.yaml"),
        };
    }

    public string Folder { get; }

    public ConfigurationEnvironment Environment { get; }

    public string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    public ConfigurationResult Load(string yaml)
    {
        Write("larder.yaml", yaml);
        return ConfigurationLoader.Load(null, Environment);
    }

    /// <summary>A job of one SQLite file, with more lines of the job.</summary>
    public ConfigurationResult LoadJob(string lines) => Load(
        $$"""
        repositories: { local: { path: repo, password: x } }
        jobs:
          app:
            sources: { db: { sqlite: app.db } }
            {{lines.ReplaceLineEndings("\n    ")}}
        """);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
