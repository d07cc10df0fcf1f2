using Ostler.Rollout.Validation;

namespace Ostler.Rollout.Tests.Validation;

public class SecretUseTests
{
    private static readonly string[] Purposes = [SecretUse.Pull, SecretUse.HealthCheck, SecretUse.Notification, SecretUse.Verification];

    [Fact]
    public void A_mark_allows_its_purpose_and_no_other()
    {
        foreach (var marked in Purposes)
        {
            foreach (var purpose in Purposes)
            {
                Assert.Equal(marked == purpose, Problem(purpose, labels: marked) is null);
                Assert.Equal(marked == purpose, Problem(purpose, annotations: marked) is null);
            }
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("true")]
    [InlineData("Pull")]
    [InlineData("pull-secret")]
    public void Anything_else_allows_nothing(string? mark)
    {
        Assert.All(Purposes, purpose => Assert.NotNull(Problem(purpose, labels: mark)));
        Assert.All(Purposes, purpose => Assert.NotNull(Problem(purpose, annotations: mark)));
    }

    [Fact]
    public void An_annotation_may_name_several_purposes()
    {
        Assert.Null(Problem(SecretUse.Pull, annotations: "verification, pull"));
        Assert.Null(Problem(SecretUse.Verification, labels: "pull", annotations: "verification"));
    }

    [Theory]
    [InlineData("kubernetes.io/service-account-token", null)]
    [InlineData("Opaque", "ostler-controller")]
    public void A_service_account_token_is_never_used_whatever_its_marks(string type, string? account) =>
        Assert.All(Purposes, purpose => Assert.Contains("service account token", Problem(purpose, purpose, purpose, type, account)));

    [Fact]
    public void The_message_has_the_command_that_allows_it()
    {
        Assert.EndsWith("run: kubectl -n ostler-system label secret monitoring ostler.dev/use=pull", Problem(SecretUse.Pull), StringComparison.Ordinal);
        Assert.EndsWith(
            "run: kubectl -n ostler-system annotate secret monitoring ostler.dev/use=pull,verification --overwrite", Problem(SecretUse.Verification, labels: "pull"), StringComparison.Ordinal);
    }

    private static string? Problem(string purpose, string? labels = null, string? annotations = null, string type = "Opaque", string? account = null)
    {
        var marks = new Dictionary<string, string>();
        if (annotations is not null)
        {
            marks[SecretUse.Mark] = annotations;
        }

        if (account is not null)
        {
            marks["kubernetes.io/service-account.name"] = account;
        }

        return SecretUse.Problem(purpose, ("ostler-system", "monitoring"), type, labels is null ? null : new Dictionary<string, string> { [SecretUse.Mark] = labels }, marks);
    }
}
