using System.Text.RegularExpressions;

namespace Ostler.CrdGenerator.Tests.Server;

[Collection<ApiServerTests>]
public sealed partial class InvalidManifestTests(ApiServerFixture server)
{
    [Theory]
    [MemberData(nameof(InvalidManifest.Refused), RefusedBy.Schema, MemberType = typeof(InvalidManifest))]
    public async Task The_schema_refuses_it_and_names_the_field(InvalidManifest invalid)
    {
        var answer = await server.DryRunAsync(invalid.Manifest, TestContext.Current.CancellationToken);

        Assert.False(answer.Accepted, invalid.Why);
        var (field, fields) = (WithoutIndexes(invalid.Field), answer.Fields.Select(WithoutIndexes).Distinct().ToArray());
        Assert.Contains(field, fields);

        // Servers that know rules say besides that they did not check them all, or that one about the object around the field is broken as
        // well.
        Assert.All(fields.Where(f => f != "<nil>"), f => Assert.StartsWith(server.Cluster.Capabilities.HasCel ? f : field, field, StringComparison.Ordinal));
        Assert.Contains(WithoutIndexes(invalid.Field), WithoutIndexes(answer.Message), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(InvalidManifest.Refused), RefusedBy.Rule, MemberType = typeof(InvalidManifest))]
    public async Task A_rule_refuses_it_and_names_the_field(InvalidManifest invalid)
    {
        Assert.SkipUnless(server.Cluster.Capabilities.HasCel, $"The API server {server.Cluster.Capabilities.Version} knows no CEL rules; there the controller refuses it.");

        var answer = await server.DryRunAsync(invalid.Manifest, TestContext.Current.CancellationToken);

        Assert.False(answer.Accepted, invalid.Why);
        Assert.Contains(WithoutIndexes(invalid.Field), answer.Fields.Select(WithoutIndexes));
    }

    /// <summary>
    /// Were it refused here already, the controller's own check would never be reached, and its test would prove nothing.
    /// </summary>
    [Theory]
    [MemberData(nameof(InvalidManifest.Refused), RefusedBy.Controller, MemberType = typeof(InvalidManifest))]
    public async Task What_is_left_to_the_controller_gets_past_the_API_server(InvalidManifest invalid)
    {
        var answer = await server.DryRunAsync(invalid.Manifest, TestContext.Current.CancellationToken);

        Assert.True(answer.Accepted, answer.Message);
    }

    // Older servers leave the index of an item out, and all but the newest leave it out of some messages.
    private static string WithoutIndexes(string field) => Index().Replace(field, "");

    [GeneratedRegex(@"\[\d+\]")]
    private static partial Regex Index();
}
