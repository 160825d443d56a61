using Larder.Engine.Backups;
using Larder.Engine.Configuration;
using Larder.Engine.Repositories;
using Larder.Repository;
using Larder.Repository.Storage;
using Larder.Sources.Tools;

namespace Larder.Engine.SelfTests;

/// <summary>A private folder among the temporary files, removed with all that is in it.</summary>
internal sealed class Scratch : IDisposable
{
    private readonly List<IDisposable> opened = [];

    private readonly PrivateFolder folder = PrivateFolder.Create();

    public string Folder => folder.FullPath;

    public string Combine(string name) => Path.Combine(Folder, name);

    /// <summary>The engine with its state in the folder and without a catalog: what is tried leaves no trace in history.</summary>
    public EngineContext Quiet(EngineContext context) => context with
    {
        Configuration = context.Configuration with { StateDirectory = Combine("state") },
        Catalog = null,
        Trigger = "test",
    };

    /// <summary>An engine whose one job has one source and writes to a repository in the folder.</summary>
    public EngineContext Throwaway(EngineContext context, JobSettings job, SourceSettings source)
    {
        const string name = "throwaway";
        var configuration = context.Configuration with
        {
            StateDirectory = Combine("state"),
            Repositories = new Dictionary<string, RepositorySettings>
            {
                [name] = new()
                {
                    Name = name,
                    Location = new LocalLocation(Combine("repository")),
                    Password = Secret.FromText($"repositories.{name}.password", Guid.NewGuid().ToString("N")),
                },
            },
            Jobs = new Dictionary<string, JobSettings>
            {
                [job.Name] = job with
                {
                    Sources = [source],
                    To = [name],
                    Hooks = new HookSettings(),
                    Sync = null,
                    Purge = null,
                    KeepByRepository = new Dictionary<string, Retention.KeepPolicy>(),
                },
            },
        };
        var repositories = new RepositorySet(configuration, StorageFor, new RepositoryOptions { Clock = context.Clock });
        opened.Add(repositories);
        return Quiet(context) with
        {
            Configuration = configuration,
            Repositories = repositories,
            Library = new BackupLibrary(configuration, repositories, context.Clock, context.Warn),
        };
    }

    public void Dispose()
    {
        opened.ForEach(each => each.Dispose());
        folder.Dispose();
    }

    private LocalStorage StorageFor(RepositorySettings settings)
    {
        var storage = new LocalStorage(((LocalLocation)settings.Location).Path);
        opened.Insert(0, storage);
        return storage;
    }
}
