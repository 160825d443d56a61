using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Repository;
using Larder.Repository.Storage;

namespace Larder.Engine.Repositories;

/// <summary>The configured repositories, opened when first needed and kept open.</summary>
/// <param name="configuration">Which there are.</param>
/// <param name="storageFor">Makes the storage of a location; fails with <see cref="EngineError.UnsupportedStorage"/>.</param>
/// <param name="options">Clock, names and how long to wait for locks.</param>
/// <param name="decorate">Put around every storage once it is prepared, such as <see cref="RetryingStorage"/>; null for nothing.</param>
public sealed class RepositorySet(
    LarderConfiguration configuration,
    Func<RepositorySettings, IStorage> storageFor,
    RepositoryOptions options,
    Func<IStorage, IStorage>? decorate = null) : IDisposable
{
    private readonly Dictionary<string, Repository.Repository> open = [];
    private readonly SemaphoreSlim gate = new(1);

    public IEnumerable<string> Names => configuration.Repositories.Keys;

    /// <summary>Opens a repository by its name in the configuration.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.UnknownRepository"/>.</exception>
    public async Task<Repository.Repository> OpenAsync(string name, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (!open.TryGetValue(name, out var repository))
            {
                var settings = SettingsOf(name);
                var password = await settings.Password.RevealAsync(cancellationToken);
                repository = await Repository.Repository.OpenAsync(Decorated(storageFor(settings)), password, options, cancellationToken);
                open.Add(name, repository);
            }
            return repository;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Creates a repository where there is none.</summary>
    /// <returns>False where there is one already, and the password opens it.</returns>
    public async Task<bool> CreateAsync(string name, CancellationToken cancellationToken)
    {
        var settings = SettingsOf(name);
        var storage = storageFor(settings);
        var password = await settings.Password.RevealAsync(cancellationToken);
        if (await storage.FindLengthAsync(StorageKey.Config, cancellationToken) is not null)
        {
            await OpenAsync(name, cancellationToken);
            return false;
        }
        if (storage is LocalStorage local)
        {
            await local.PrepareAsync(cancellationToken);
        }
        using var created = await Repository.Repository.CreateAsync(Decorated(storage), password, options, cancellationToken);
        return true;
    }

    /// <summary>Removes what interrupted writes left beside the files of a repository, a day old and older.</summary>
    public async Task RemoveLeftoversAsync(string name, CancellationToken cancellationToken)
    {
        if (storageFor(SettingsOf(name)) is LocalStorage local)
        {
            await local.RemoveLeftoversAsync(options.Clock, cancellationToken);
        }
    }

    public RepositorySettings SettingsOf(string name) =>
        configuration.Repositories.TryGetValue(name, out var settings)
            ? settings
            : throw new LarderException(EngineError.UnknownRepository, $"The configuration has no repository \"{name}\".")
            {
                Context = new ErrorContext { Repository = name },
            };

    private IStorage Decorated(IStorage storage) => decorate is null ? storage : decorate(storage);

    public void Dispose()
    {
        foreach (var repository in open.Values)
        {
            repository.Dispose();
        }
        gate.Dispose();
    }
}
