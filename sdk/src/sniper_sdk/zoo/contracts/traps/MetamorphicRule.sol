// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";
import {RuleMaker} from "traps/RuleMaker.sol";

/// Trap: the rule for sales has an address that never changes, and code that does (before EIP-6780).
contract MetamorphicRule is PoolToken {
    RuleMaker public immutable maker = new RuleMaker(msg.sender);
    address public immutable rule = maker.rule();

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        if (_isSell(from, to)) {
            (bool done,) = rule.staticcall(abi.encodeWithSignature("check()"));
            require(done, "against the rule");
        }
        _write(from, to, value);
    }
}
