// Templates come from strangers: every cap is an Error with its place, reached soon and without a
// crash.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "text/chat_template.h"

namespace jet {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string repeat(std::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

std::string failure(const std::string& source) {
  try {
    ChatTemplate::Input input;
    input.messages = Json::parse(R"([{"role": "user", "content": "Hi"}])");
    return "rendered: " + ChatTemplate(source).render(input).substr(0, 200);
  } catch (const Error& error) {
    return error.what();
  }
}

struct Hostile {
  std::string name;
  std::string source;
  std::string words;
};

void expect_failures(std::span<const Hostile> cases) {
  for (const Hostile& hostile : cases) {
    EXPECT_THAT(failure(hostile.source),
                AllOf(StartsWith("chat template: line 1, column "), HasSubstr(hostile.words)))
        << hostile.name;
  }
}

TEST(HostileTemplate, NestingEndsInTheParser) {
  constexpr size_t kMany = 60'000;
  const Hostile cases[] = {
      {"parentheses", "{{ " + repeat("(", kMany), "nested deeper"},
      {"lists", "{{ " + repeat("[", kMany), "nested deeper"},
      {"dicts", "{{ " + repeat("{1:", kMany), "nested deeper"},
      {"subscripts", "{{ a" + repeat("[a", kMany), "nested deeper"},
      {"calls", "{{ " + repeat("f(", kMany), "nested deeper"},
      {"filter arguments", "{{ " + repeat("1|join(", kMany), "nested deeper"},
      {"test arguments", "{{ " + repeat("1 is in [", kMany), "nested deeper"},
      {"not", "{{ " + repeat("not ", kMany) + "1 }}", "nested deeper"},
      {"signs", "{{ " + repeat("-", kMany) + "1 }}", "nested deeper"},
      {"conditions", "{{ " + repeat("1 if 1 else ", kMany) + "1 }}", "nested deeper"},
      {"ifs", repeat("{% if 1 %}", kMany), "nested deeper"},
      {"loops", repeat("{% for a in b %}", kMany), "nested deeper"},
      {"macros", repeat("{% macro m() %}", kMany), "nested deeper"},
      {"targets", "{% set " + repeat("(", kMany), "nested deeper"},
      {"a long sum", "{{ 1" + repeat(" + 1", kMany) + " }}", "terms"},
      {"a long chain of attributes", "{{ a" + repeat(".a", kMany) + " }}", "terms"},
      {"a long chain of filters", "{{ 1" + repeat("|abs", kMany) + " }}", "terms"},
      {"a long chain of powers", "{{ 1" + repeat("**1", kMany) + " }}", "terms"},
      {"a long chain of or", "{{ 0" + repeat(" or 0", kMany) + " }}", "terms"},
  };
  expect_failures(cases);
}

TEST(HostileTemplate, LoopsAndRecursionEnd) {
  const Hostile cases[] = {
      {"loops in loops", repeat("{% for i in range(1000) %}", 4) + repeat("{% endfor %}", 4),
       "steps"},
      {"a macro that calls itself", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
       "evaluation nests"},
      {"two macros that call each other",
       "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
       "evaluation nests"},
      {"a macro that calls itself twice",
       "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
       "steps"},
      {"a default that calls its macro", "{% macro m(a=m()) %}{% endmacro %}{{ m() }}",
       "evaluation nests"},
      {"a namespace in itself", "{% set n = namespace() %}{% set n.n = n %}{{ n }}",
       "evaluation nests"},
      {"a filter of a loop", "{% for i in range(100000) if range(100000)|sum < 0 %}{% endfor %}",
       "bytes"},
  };
  expect_failures(cases);
}

TEST(HostileTemplate, ValuesStaySmall) {
  const std::string doubling = "{% set n = namespace(x='ab') %}{% for i in range(60) %}";
  const Hostile cases[] = {
      {"a long range", "{{ range(100001) }}", "range() of more than"},
      {"the longest range", "{{ range(-9223372036854775807, 9223372036854775807) }}",
       "range() of more than"},
      {"a long range back", "{{ range(0, -9223372036854775807 - 1, -1)|length }}",
       "range() of more than"},
      {"repeated text", "{{ 'ab' * 9223372036854775807 }}", "is more than"},
      {"a repeated list", "{{ [1] * 9223372036854775807 }}", "too long"},
      {"repeated repetition", "{{ (('a' * 10000) * 10000) * 10000 }}", "is more than"},
      {"doubled text", doubling + "{% set n.x = n.x ~ n.x %}{% endfor %}", "bytes"},
      {"doubled text by +", doubling + "{% set n.x = n.x + n.x %}{% endfor %}", "bytes"},
      {"doubled by join", doubling + "{% set n.x = n.x.join([n.x, n.x]) %}{% endfor %}", "bytes"},
      {"doubled by replace", doubling + "{% set n.x = n.x.replace('a', n.x) %}{% endfor %}",
       "bytes"},
      {"doubled by format", doubling + "{% set n.x = '{0}{0}'.format(n.x) %}{% endfor %}", "bytes"},
      {"a doubled list", doubling + "{% set n.x = n.x|list + n.x|list %}{% endfor %}", "bytes"},
      {"indented", "{{ ('\\na' * 300000)|indent(1000) }}", "bytes"},
      {"a wide indent", "{{ 'a'|indent(9223372036854775807) }}", "is more than"},
      {"JSON indented", "{{ [[[1]]]|tojson(indent=60000000) }}", "bytes"},
      {"a wide field", "{{ '%9999999999d' % 1 }}", "width"},
      {"nested lists",
       "{% set n = namespace(x=1) %}{% for i in range(1000) %}{% set n.x = [n.x] %}{% endfor %}",
       "nest deeper"},
      {"nested dicts",
       "{% set n = namespace(x=1) %}{% for i in range(1000) %}{% set n.x = {1: n.x} %}{% endfor %}",
       "nest deeper"},
      {"shared lists printed",
       "{% set n = namespace(x=1) %}{% for i in range(90) %}{% set n.x = [n.x, n.x] %}{% endfor "
       "%}{{ n.x }}",
       "bytes"},
      {"shared lists compared",
       "{% set n = namespace(x=1, y=1) %}{% for i in range(90) %}{% set n.x = [n.x, n.x] %}{% set "
       "n.y = [n.y, n.y] %}"
       "{% endfor %}{{ n.x == n.y }}",
       "steps"},
      {"shared tuples as keys",
       "{% set n = namespace(x=1) %}{% for i in range(90) %}{% set n.x = (n.x, n.x) %}{% endfor "
       "%}{{ {n.x: 1} }}",
       "steps"},
      {"a long output",
       repeat("{% for i in range(100000) %}", 2) + repeat("x", 1000) + repeat("{% endfor %}", 2),
       "bytes"},
      {"2^63", "{{ 9223372036854775807 + 1 }}", "does not fit 64 bits"},
      {"-2^63 negated", "{{ -(-9223372036854775807 - 1) }}", "does not fit 64 bits"},
      {"-2^63 // -1", "{{ (-9223372036854775807 - 1) // -1 }}", "does not fit 64 bits"},
      {"a product", "{{ 4294967296 * 4294967296 }}", "does not fit 64 bits"},
      {"a power", "{{ 10 ** 19 }}", "does not fit 64 bits"},
      {"a power of powers", "{{ 10.0 ** 400 }}", "too large"},
      {"a literal", "{{ 9223372036854775808 }}", "does not fit 64 bits"},
      {"text as integer", "{{ '9223372036854775808'|int }}", "does not fit 64 bits"},
      {"a float as integer", "{{ 1e19|int }}", "does not fit 64 bits"},
  };
  expect_failures(cases);
}

// Searches that would take a square of the text's length.
TEST(HostileTemplate, SearchingIsLinear) {
  const std::string text = "{% set a = 'a' * 4000000 %}{% set b = 'a' * 2000000 ~ 'b' %}";
  ChatTemplate::Input input;
  input.messages = Json::array();
  const auto render = [&](const std::string& source) {
    return ChatTemplate(text + source).render(input);
  };
  EXPECT_EQ(render("{{ b in a }}{{ a.find(b) }}{{ a.rfind(b) }}{{ a.count(b) }}"), "False-1-10");
  EXPECT_EQ(render("{{ a.split(b)|length }}{{ a.rsplit(b)|length }}{{ a.replace(b, '')|length }}"),
            "114000000");
  EXPECT_EQ(render("{{ a[1:]|length }}{{ a.strip('xa')|length }}{{ a[::-1]|length }}"),
            "399999904000000");
}

TEST(HostileTemplate, ReachesNothingOutside) {
  const Hostile cases[] = {
      {"class of a string", "{{ ''.__class__.__mro__ }}", "is not safe"},
      {"globals of a function", "{{ range.__globals__['os'] }}", "is not safe"},
      {"globals of a macro", "{% macro m() %}{% endmacro %}{{ m.__call__.__globals__ }}",
       "is not safe"},
      {"format", "{{ '{0.__class__}'.format(1) }}", "not supported"},
      {"attribute of a namespace", "{{ namespace(__class__=1) }}", "underscore"},
      {"self", "{{ self.x }}", "not supported"},
      {"cycler", "{{ cycler.__init__ }}", "not supported"},
      {"include", "{% include '/etc/passwd' %}", "not known or not supported"},
      {"import", "{% import 'os' as os %}", "not known or not supported"},
      {"changing a list", "{{ messages.append(1) }}", "may not"},
      {"changing a dict", "{{ messages[0].update({'role': 'system'}) }}", "may not"},
      {"emptying a dict", "{{ messages[0].clear() }}", "may not"},
  };
  expect_failures(cases);
}

TEST(HostileTemplate, AnObjectMayOutliveItsBlock) {
  ChatTemplate::Input input;
  input.messages = Json::array();
  const auto render = [&](const std::string& source) { return ChatTemplate(source).render(input); };
  EXPECT_EQ(render("{% set n = namespace() %}{% for i in 'ab' %}{% set n.l = loop %}{% endfor %}"
                   "{{ n.l.index }}{{ n.l.last }}{{ n.l.length }}"),
            "2True2");
  EXPECT_EQ(
      render("{% set n = namespace() %}{% for i in 'ab' %}{% set q = i %}"
             "{% macro m() %}{{ i }}{{ q }}{% endmacro %}{% set n.m = m %}{% endfor %}{{ n.m() }}"),
      "bb");
  EXPECT_THAT(failure("{% set n = namespace() %}{% for i in 'abc' if i %}{% set n.l = loop %}{% "
                      "break %}{% endfor %}"
                      "{{ n.l.last }}"),
              HasSubstr("a loop that was left"));
}

TEST(HostileTemplate, IsOfBoundedLength) {
  EXPECT_THAT(failure(std::string(1'048'577, ' ')), HasSubstr("at most 1048576"));
  EXPECT_THAT(failure("caf\xe9"), HasSubstr("byte 3 is not UTF-8"));
  EXPECT_THAT(failure("{{ raise_exception('" + repeat("x", 10'000) + "\n') }}"),
              AllOf(HasSubstr("xxx..."), testing::SizeIs(testing::Lt(600U))));
}

}  // namespace
}  // namespace jet
