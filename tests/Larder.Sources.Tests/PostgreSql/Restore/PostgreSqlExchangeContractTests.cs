using Larder.Testing.Servers;

namespace Larder.Sources.Tests.PostgreSql.Restore;

[Trait("Kind", "server")]
public sealed class PostgreSqlExchangeContractTests(SharedPostgresServer shared) : ExchangeContract
{
    private static readonly bool IsSoak = Environment.GetEnvironmentVariable("LARDER_SOAK") == "1";

    protected override int KillEvery => IsSoak ? 1 : 4;

    protected override async Task<IExchangeSubject> MakeSubjectAsync() => new DatabaseSubject(
        await shared.GetAsync(TestContext.Current.CancellationToken), shared.NameDatabase("contract") + "_one");
}
