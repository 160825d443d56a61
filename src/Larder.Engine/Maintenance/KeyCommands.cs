using Larder.Engine.Errors;
using Larder.Repository;

namespace Larder.Engine.Maintenance;

/// <summary>The passwords of one repository: each is a key file that holds the same master key.</summary>
/// <param name="context">What every run needs.</param>
/// <param name="repository">Its name in the configuration; null for the only one that is configured.</param>
public sealed class KeyCommands(EngineContext context, string? repository)
{
    public async Task<KeyReport> ListAsync(CancellationToken cancellationToken) =>
        await ReportAsync(await OpenAsync(cancellationToken), cancellationToken);

    /// <summary>Adds a password. Every password opens everything.</summary>
    /// <exception cref="LarderException"><see cref="EngineError.UsageInvalid"/>: the password is empty.</exception>
    public async Task<KeyReport> AddAsync(string password, CancellationToken cancellationToken)
    {
        if (password.Length == 0)
        {
            throw new LarderException(EngineError.UsageInvalid, "The new password is empty.");
        }
        var open = await OpenAsync(cancellationToken);
        var id = await KeyRing.AddAsync(open, password, cancellationToken);
        return await ReportAsync(open, cancellationToken) with { Added = id.ToString()[..8] };
    }

    /// <param name="id">An id or its beginning, which must fit one key.</param>
    /// <exception cref="RepositoryException"><see cref="RepositoryError.NotUnique"/>; <see cref="RepositoryError.Refused"/> for the key
    /// that opened the repository: it is the only one known to work.</exception>
    public async Task<KeyReport> RemoveAsync(string id, CancellationToken cancellationToken)
    {
        var open = await OpenAsync(cancellationToken);
        var keys = await KeyRing.ListAsync(open, cancellationToken);
        var fitting = keys.Where(key => id.Length > 0 && key.Id.ToString().StartsWith(id, StringComparison.OrdinalIgnoreCase)).ToList();
        if (fitting.Count != 1)
        {
            throw new RepositoryException(
                RepositoryError.NotUnique,
                $"\"{id}\" fits {(fitting.Count == 0 ? "no key" : $"{fitting.Count} keys")} of the repository at {open.Location}.")
            {
                Location = open.Location,
            };
        }
        await KeyRing.RemoveAsync(open, fitting[0].Id, cancellationToken);
        return await ReportAsync(open, cancellationToken) with { Removed = fitting[0].Id.ToString()[..8] };
    }

    private string Name
    {
        get
        {
            var names = context.Repositories.Names.ToList();
            return repository ?? (names.Count == 1
                ? names[0]
                : throw new LarderException(
                    EngineError.UsageInvalid, $"Which repository is meant? The configuration has {string.Join(", ", names)}."));
        }
    }

    private Task<Repository.Repository> OpenAsync(CancellationToken cancellationToken) =>
        context.Repositories.OpenAsync(Name, cancellationToken);

    private async Task<KeyReport> ReportAsync(Repository.Repository open, CancellationToken cancellationToken) => new()
    {
        Repository = Name,
        Keys =
        [
            .. (await KeyRing.ListAsync(open, cancellationToken)).Select(key =>
                new KeyLine(key.Id.ToString(), key.Id.ToString()[..8], key.Username, key.Hostname, key.Created, key.IsCurrent)),
        ],
    };
}
