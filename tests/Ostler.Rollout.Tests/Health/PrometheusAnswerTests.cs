using System.Text;
using Ostler.Api.Shared;
using Ostler.Rollout.Health;

namespace Ostler.Rollout.Tests.Health;

public class PrometheusAnswerTests
{
    public static TheoryData<string, string, CheckOutcome, string> Results => new()
    {
        // what, result, outcome, message
        { "one that is true", Vector("1"), CheckOutcome.Passed, "1 sample, wanted: other than 0" },
        { "two that are", Vector("1", "0.5"), CheckOutcome.Passed, "2 samples, wanted: other than 0" },
        { "one of two is 0", Vector("1", "0"), CheckOutcome.False, "up{instance=\"i1\"} is 0; wanted: other than 0" },
        { "many are 0", Vector("0", "0", "0", "0", "0"), CheckOutcome.False, "up{instance=\"i0\"} is 0, up{instance=\"i1\"} is 0, up{instance=\"i2\"} is 0 and 2 more; wanted: other than 0" },
        { "none", Vector(), CheckOutcome.Missing, "the query returns no sample" },
        { "not a number", Vector("NaN"), CheckOutcome.Missing, "up{instance=\"i0\"} is NaN" },
        { "infinite", Vector("+Inf", "-Inf"), CheckOutcome.Passed, "2 samples" },
        { "a scalar", """{"resultType":"scalar","result":[1,"1"]}""", CheckOutcome.Passed, "1 sample" },
        { "a scalar of 0", """{"resultType":"scalar","result":[1,"0"]}""", CheckOutcome.False, "the sample is 0" },
        { "without labels", """{"resultType":"vector","result":[{"metric":{},"value":[1,"0"]}]}""", CheckOutcome.False, "the sample is 0" },
        { "a range", """{"resultType":"matrix","result":[]}""", CheckOutcome.Error, "a range of samples" },
        { "a text", """{"resultType":"string","result":[1,"x"]}""", CheckOutcome.Error, "returns a string" },
        { "a histogram", """{"resultType":"vector","result":[{"metric":{"__name__":"h"},"histogram":[1,{}]}]}""", CheckOutcome.Error, "h has no value to compare" },
        { "a number instead of its text", """{"resultType":"vector","result":[{"metric":{},"value":[1,1]}]}""", CheckOutcome.Error, "no value to compare" },
        { "no type", """{"result":[]}""", CheckOutcome.Error, "a result without a type" },
    };

    [Theory]
    [MemberData(nameof(Results))]
    public void A_result_is_judged(string what, string result, CheckOutcome outcome, string message)
    {
        _ = what;
        var finding = Judge(200, $$"""{"status":"success","data":{{result}}}""");

        Assert.Equal(outcome, finding.Outcome);
        Assert.Contains(message, finding.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> Partial => new()
    {
        { "Thanos without one of its stores", """{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"0"]}]},"warnings":["partial response: store-1 is down"]}""", "partial response: store-1 is down" },
        { "VictoriaMetrics without one of its nodes", """{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[{"metric":{},"value":[1,"0"]}]}}""", "partial (isPartial)" },
        { "both", """{"status":"success","isPartial":true,"data":{"resultType":"scalar","result":[1,"0"]},"warnings":["a","b","c","d"]}""", "a, b, c and 1 more" },
        { "one that would not pass either", """{"status":"success","isPartial":true,"data":{"resultType":"scalar","result":[1,"7"]}}""", "partial (isPartial)" },
        { "no sample left", """{"status":"success","data":{"resultType":"vector","result":[]},"warnings":["x"]}""", "a reservation: x" },
        { "a warning of another type", """{"status":"success","data":{"resultType":"scalar","result":[1,"0"]},"warnings":"x"}""", "a reservation: x" },
        { "warnings that are objects", """{"status":"success","data":{"resultType":"scalar","result":[1,"0"]},"warnings":[{"text":"x"}]}""", "{\"text\":\"x\"}" },
        { "a flag of another type", """{"status":"success","isPartial":"true","data":{"resultType":"scalar","result":[1,"0"]}}""", "partial (isPartial)" },
    };

    [Theory]
    [MemberData(nameof(Partial))]
    public void An_answer_with_a_reservation_is_an_error_in_the_servers_words(string what, string body, string message)
    {
        _ = what;
        var finding = Judge(200, body, new() { Operator = SampleOperator.Equal, Value = "0" });

        Assert.Equal(CheckOutcome.Error, finding.Outcome);
        Assert.Contains(message, finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"warnings\":[]")]
    [InlineData("\"warnings\":null")]
    [InlineData("\"isPartial\":false")]
    [InlineData("\"infos\":[\"PromQL info: metric might not be a counter\"]")]
    public void A_whole_answer_passes(string member) =>
        Assert.Equal(CheckOutcome.Passed, Judge(200, $$$"""{"status":"success",{{{member}}},"data":{"resultType":"scalar","result":[1,"1"]}}""").Outcome);

    [Theory]
    [InlineData(SampleOperator.Equal, "0.5", "0.5", true)]
    [InlineData(SampleOperator.Equal, "0.5", "0.6", false)]
    [InlineData(SampleOperator.NotEqual, "0", "1", true)]
    [InlineData(SampleOperator.NotEqual, "0", "0", false)]
    [InlineData(SampleOperator.Less, "0.01", "0", true)]
    [InlineData(SampleOperator.Less, "0.01", "0.01", false)]
    [InlineData(SampleOperator.LessOrEqual, "1e-2", "0.01", true)]
    [InlineData(SampleOperator.LessOrEqual, "-1", "0", false)]
    [InlineData(SampleOperator.Greater, "99", "+Inf", true)]
    [InlineData(SampleOperator.Greater, "99", "99", false)]
    [InlineData(SampleOperator.GreaterOrEqual, "99", "99", true)]
    [InlineData(SampleOperator.GreaterOrEqual, "99", "-Inf", false)]
    public void A_sample_is_compared_as_wanted(SampleOperator comparison, string wanted, string value, bool passes)
    {
        var finding = Judge(200, $$"""{"status":"success","data":{{Vector(value)}}}""", new() { Operator = comparison, Value = wanted });

        Assert.Equal(passes ? CheckOutcome.Passed : CheckOutcome.False, finding.Outcome);
        Assert.Contains($"wanted: {comparison} {wanted}", finding.Message, StringComparison.Ordinal);
    }

    public static TheoryData<int, string, string> Refused => new()
    {
        { 400, """{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:3: parse error"}""", "bad_data: invalid parameter \"query\": 1:3: parse error" },
        { 503, """{"status":"error","errorType":"timeout","error":"query timed out"}""", "timeout: query timed out" },
        { 200, """{"status":"error"}""", "error: the server gives no reason" },
        { 401, "Unauthorized", "answers 401: \"Unauthorized\"; see bearerTokenSecretRef" },
        { 403, "", "answers 403; see bearerTokenSecretRef" },
        { 302, "", "answers 302; redirects are not followed" },
        { 404, "404 page not found", "answers 404: \"404 page not found\"; check that the URL is that of a Prometheus" },
        { 502, "<html>Bad\nGateway</html>", "answers 502: \"<html>Bad Gateway</html>\"" },
        { 200, "<html>", "this is not an answer of a Prometheus" },
        { 200, "[]", "this is not an answer of a Prometheus" },
        { 200, "null", "this is not an answer of a Prometheus" },
        { 200, "", "this is not an answer of a Prometheus" },
        { 200, "{}", "this is not an answer of a Prometheus" },
        { 200, """{"status":"success","data":[]}""", "this is not an answer of a Prometheus" },
        { 500, """{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}""", "answers 500" },
        { 200, """{"status":"success","data":{"resultType":"vector","result":{}}}""", "which has no samples" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_no_result_is_an_error_that_says_what_it_is(int code, string body, string message)
    {
        var finding = Judge(code, body);

        Assert.Equal(CheckOutcome.Error, finding.Outcome);
        Assert.Contains(message, finding.Message, StringComparison.Ordinal);
    }

    private static CheckFinding Judge(int code, string body, SampleComparison? want = null) => PrometheusAnswer.Judge(code, Encoding.UTF8.GetBytes(body), want);

    private static string Vector(params string[] values)
    {
        var samples = values.Select((v, i) => $$"""{"metric":{"__name__":"up","instance":"i{{i}}"},"value":[1700000000.1,"{{v}}"]}""");
        return $$"""{"resultType":"vector","result":[{{string.Join(',', samples)}}]}""";
    }
}
