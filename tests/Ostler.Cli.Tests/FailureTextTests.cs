using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Ostler.Cli.Hosting;
using Ostler.Kubernetes.Client;

namespace Ostler.Cli.Tests;

/// <summary>Every failure is a line that says what to do.</summary>
public class FailureTextTests
{
    public static TheoryData<string> Cases => [.. Failures.Keys];

    private static Dictionary<string, (Exception Failure, string Says)> Failures => new()
    {
        ["no CRDs"] = (Api(HttpStatusCode.NotFound, "the server could not find the requested resource", "list apis/ostler.dev/v1alpha1/upgradepolicies"), "Install Ostler first"),
        ["no credentials"] = (Api(HttpStatusCode.Unauthorized, "Unauthorized", "list api/v1/nodes"), "Log in again"),
        ["no right"] = (Api(HttpStatusCode.Forbidden, "guest cannot list nodes", "list api/v1/nodes"), "Request that right"),
        ["refused"] = (Api(HttpStatusCode.UnprocessableEntity, "spec.paused is no boolean", "patch x"), "spec.paused is no boolean (422)"),
        ["no answer"] = (new TimeoutException("list nodes: no complete answer within 30 s"), "does not answer"),
        ["nobody there"] = (new HttpRequestException("x", new SocketException((int)SocketError.ConnectionRefused)), "is unreachable: Connection refused"),
        ["another version"] = (new JsonException("odd"), "Use the kubectl-ostler of the installed version"),
        ["a number for a word"] = (Json("""{"apiVersion":"ostler.dev/v1alpha1","spec":{"imageRef":{"name":1}}}"""),
            "the value must be text"),
        ["a word that is none"] = (Json("""{"spec":{"imageRef":{"name":"x"},"nodeSelector":{},"drain":{"onTimeout":"Never"}}}"""),
            "the value must be one of Release, Hold, Force"),
        ["a mapping for a list"] = (Json("""{"spec":{"windows":{}}}"""), "spec.windows: the value must be a list"),
        ["what is required"] = (Json("""{"spec":{}}"""), "imageRef, nodeSelector is required"),
        ["ours"] = (CommandException.Usage("Write this instead."), "Write this instead."),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_failure_says_what_to_do(string name)
    {
        var (failure, says) = Failures[name];

        var (text, code) = FailureText.Of(failure)!.Value;

        Assert.True(text.Contains(says, StringComparison.Ordinal), text);
        Assert.DoesNotContain("System.", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Ostler.Api", text, StringComparison.Ordinal);
        Assert.Equal(name == "ours" ? 2 : 1, code);
    }

    [Fact]
    public void A_fault_of_the_program_is_none_of_these() => Assert.Null(FailureText.Of(new InvalidOperationException("bug")));

    private static JsonException Json(string policy) =>
        Assert.ThrowsAny<JsonException>(() => JsonSerializer.Deserialize(policy, Ostler.Api.Json.OstlerJson.Default.UpgradePolicy));

    private static ApiException Api(HttpStatusCode code, string message, string request) => new(code, new ApiStatus { Message = message }, request: request);
}
