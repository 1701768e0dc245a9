// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

interface IERC20 {
    function transfer(address to, uint256 amount) external returns (bool);

    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

interface ICallback {
    function uniswapV3SwapCallback(int256 delta0, int256 delta1, bytes calldata data) external;

    function unlockCallback(bytes calldata data) external returns (bytes memory);
}

/// A token that calls somewhere whenever it is moved, once it is armed.
contract CallingToken {
    mapping(address holder => uint256) public balanceOf;
    mapping(address holder => mapping(address spender => uint256)) public allowance;
    address public target;
    bytes public data;
    bool public insist;
    uint256 public succeeded;
    bytes public answer;

    constructor(uint256 supply) {
        balanceOf[msg.sender] = supply;
    }

    function arm(address target_, bytes calldata data_, bool insist_) external {
        (target, data, insist) = (target_, data_, insist_);
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        return _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private returns (bool) {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        if (target != address(0)) {
            (bool done, bytes memory said) = target.call(data);
            answer = said;
            if (done) succeeded++;
            else require(!insist, "was not let in");
        }
        return true;
    }
}

/// Called as a V3 pool, it asks for payment `times` times, each time for `amount`, and gives nothing.
contract GreedyPool {
    uint256 public times;
    int256 public amount;

    function set(uint256 times_, int256 amount_) external {
        (times, amount) = (times_, amount_);
    }

    function demand(address payer) external {
        ICallback(payer).uniswapV3SwapCallback(amount, 0, "");
    }

    function swap(address, bool, int256, uint160, bytes calldata) external returns (int256, int256) {
        for (uint256 n = 0; n < times; n++) ICallback(msg.sender).uniswapV3SwapCallback(amount, 0, "");
        return (0, 0);
    }
}

/// Called as a Curve pool, it takes nothing, and comes for it later.
contract PatientPool {
    function exchange(int128, int128, uint256, uint256) external {}

    function take(address token, address from, uint256 amount) external {
        IERC20(token).transferFrom(from, msg.sender, amount);
    }
}

/// As Uniswap V4's manager, it asks for more than was sold.
contract GreedyManager {
    struct Key {
        address currency0;
        address currency1;
        uint24 fee;
        int24 tickSpacing;
        address hooks;
    }

    struct Swap {
        bool zeroForOne;
        int256 amount;
        uint160 limit;
    }

    function unlock(bytes calldata data) external returns (bytes memory) {
        return ICallback(msg.sender).unlockCallback(data);
    }

    function swap(Key calldata, Swap calldata parameters, bytes calldata) external pure returns (int256) {
        int256 asked = parameters.amount - 1;
        return parameters.zeroForOne ? asked << 128 : int256(uint256(uint128(int128(asked))));
    }

    function sync(address) external {}

    function settle() external payable returns (uint256) {}
}

/// A token that says no instead of reverting.
contract RefusingToken {
    function balanceOf(address) external pure returns (uint256) {
        return 1 ether;
    }

    function transferFrom(address, address, uint256) external pure returns (bool) {
        return false;
    }
}

/// An account that refuses the native coin.
contract Refuser {
    function forward(address target, bytes calldata data) external payable {
        (bool done, bytes memory said) = target.call{value: msg.value}(data);
        if (!done) {
            assembly {
                revert(add(said, 32), mload(said))
            }
        }
    }
}
