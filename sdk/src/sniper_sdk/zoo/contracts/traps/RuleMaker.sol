// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OpenRule} from "traps/OpenRule.sol";
import {RuleShell} from "traps/RuleShell.sol";

/// Makes a rule by CREATE2, always at the same address, whatever its code.
contract RuleMaker {
    address public immutable rule;
    address private immutable keeper;
    bytes private code;

    constructor(address keeper_) {
        keeper = keeper_;
        rule = address(
            uint160(
                uint256(
                    keccak256(
                        abi.encodePacked(bytes1(0xff), address(this), bytes32(0), keccak256(type(RuleShell).creationCode))
                    )
                )
            )
        );
    }

    function retire() external {
        require(msg.sender == keeper, "not the keeper");
        OpenRule(rule).retire();
    }

    function make(address template) external {
        require(msg.sender == keeper, "not the keeper");
        code = template.code;
        new RuleShell{salt: 0}();
    }

    function ruleCode() external view returns (bytes memory) {
        return code;
    }
}
