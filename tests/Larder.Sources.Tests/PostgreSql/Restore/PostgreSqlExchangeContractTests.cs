using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql.Restore;

[Trait("Kind", "server")]
public sealed class PostgreSqlExchangeContractTests(SharedPostgresServer shared) : ExchangeContract
{
    protected override async Task<IExchangeSubject> MakeSubjectAsync() => new DatabaseSubject(
        await shared.GetAsync(TestContext.Current.CancellationToken), shared.NameDatabase("contract") + "_one");
}
