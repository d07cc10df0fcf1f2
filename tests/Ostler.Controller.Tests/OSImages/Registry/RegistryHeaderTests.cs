using Ostler.Controller.OSImages.Registry;
using Ostler.Kubernetes.Client;
using Ostler.Rollout.OSImages;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.OSImages.Registry;

/// <summary>
/// Every header of a registry that is parsed, with whatever may stand in it: there is always an outcome, within bounds, and never an
/// exception.
/// </summary>
public sealed class RegistryHeaderTests
{
    private static readonly RegistryOptions Impatient = new() { Random = () => 0, RetryDelay = TimeSpan.Zero, LongestWait = TimeSpan.FromTicks(-1) };

    [Fact]
    public async Task Any_header_ends_in_an_outcome()
    {
        var random = new Random(15);
        string[] names = ["Retry-After", "Date", "WWW-Authenticate", "Location", "Docker-Content-Digest", "Content-Type", "Link", "Warning"];
        string[] beginnings = ["", "Bearer realm=", "Bearer realm=\"http://[", "Basic ,,=\"\\", "sha256:", "http://", "//", "99999999", "Fri, 31 Dec 9999 23:59:59 GMT", "application/"];
        int[] codes = [200, 301, 307, 401, 404, 429, 500, 503];
        for (var i = 0; i < 300; i++)
        {
            var (code, name) = (codes[random.Next(codes.Length)], names[random.Next(names.Length)]);
            var value = beginnings[random.Next(beginnings.Length)] + new string([.. Enumerable.Range(0, random.Next(0, 20)).Select(_ => (char)random.Next(' ', '\u007f'))]);
            await using var server = new ScriptedServer((_, response, _) => response.WholeAsync(code, "application/json", "{}"u8.ToArray(), new Dictionary<string, string> { [name] = value }));

            var outcome = await ResolveAsync(server);

            Assert.True(outcome.Image is null && outcome.Message.Length > 0, $"try {i}: {code}, {name}: {value}");
            Assert.True(outcome.RetryAfter is null || (outcome.RetryAfter >= TimeSpan.Zero && outcome.RetryAfter <= RetryAfterHeader.Longest), $"{name}: {value}: {outcome.RetryAfter}");
        }
    }

    [Theory]
    [InlineData(301, "Location", "http://169.254.169.254/latest/meta-data/", Label = "a redirect")]
    [InlineData(401, "WWW-Authenticate", "Bearer realm=\"http://169.254.169.254/token\",service=\"x\"", Label = "a token server")]
    public async Task A_registry_does_not_lead_to_a_metadata_service(int code, string name, string value)
    {
        await using var server = new ScriptedServer((_, response, _) => response.WholeAsync(code, "application/json", "{}"u8.ToArray(), new Dictionary<string, string> { [name] = value }));

        var outcome = await ResolveAsync(server);

        Assert.Contains("169.254.169.254 is a link-local or cloud metadata address", outcome.Message, StringComparison.Ordinal);
    }

    private static Task<Ostler.Rollout.OSImages.ResolveOutcome> ResolveAsync(ScriptedServer server) => ContainerRegistry.Images(options: Impatient).ResolveAsync(
        Given.Image() with { Spec = new() { Container = new() { Image = $"{server.Address.Authority}/acme/edge:stable", PlainHttp = true } } }, Given.Cancel);
}
